"""The options of ``migrate_check``, and what they mean together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate import conf
from django_safe_migrate.checking.scope import ALL, PENDING, SINCE, Scope
from django_safe_migrate.reports.findings import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_safe_migrate.conf import Settings

BASELINE_NAME = ".safe_migrate_baseline.json"
#: What rules and facts can be printed as.
PLAIN_FORMATS = ("text", "json")


def add_check_arguments(parser: Any) -> None:
    """Add what to look at, how to print it, and what to let pass."""
    _add_scope(parser)
    _add_output(parser.add_argument)
    _add_baseline(parser)
    _add_other_views(parser)


def _add_scope(parser: Any) -> None:
    parser.add_argument("app_label", nargs="*", help="Look at the migrations of these apps only.")
    parser.add_argument(
        "--database",
        default=DEFAULT_DB_ALIAS,
        choices=tuple(connections),
        help="The database that the migrations are for.",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="Open no connection: every table may hold many rows, and what is applied is not known.",
    )
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument(
        "--all",
        action="store_true",
        dest="all_migrations",
        help="Look at every migration of the project after START_AFTER, each as if those before it were applied. Default with --offline.",
    )
    scope.add_argument(
        "--pending",
        action="store_true",
        help="Look at the migrations that the database does not have yet. Default without --offline.",
    )
    scope.add_argument(
        "--since",
        metavar="REF",
        help="Look at the migrations added or changed since this branch left a commit of git (origin/main), "
        "and at those not committed yet.",
    )


def _add_output(add: Callable[..., Any]) -> None:
    add("--format", choices=FORMATS, default="text", help="Format of the findings.")
    add(
        "--output",
        metavar="FILE",
        help="Write the findings to this file, and a short text to standard output.",
    )
    add(
        "--fail-on",
        choices=("error", "warning"),
        default="error",
        help="The lowest severity that ends with exit code 3.",
    )
    add(
        "--allow",
        action="append",
        default=[],
        metavar="RULE",
        help="Do not let findings of this rule fail the check. May be repeated.",
    )


def _add_baseline(parser: Any) -> None:
    parser.add_argument(
        "--baseline",
        metavar="FILE",
        help=f"Leave out the findings listed in this file. Default: SAFE_MIGRATE['BASELINE'], or {BASELINE_NAME} in BASE_DIR.",
    )
    baseline = parser.add_mutually_exclusive_group()
    baseline.add_argument(
        "--write-baseline",
        action="store_true",
        help="Write the present findings to the baseline instead of reporting them.",
    )
    baseline.add_argument(
        "--no-baseline", action="store_true", help="Report the findings of the baseline too."
    )


def _add_other_views(parser: Any) -> None:
    views = parser.add_mutually_exclusive_group()
    views.add_argument(
        "--explain",
        metavar="SQL",
        help="Look at no migration; say what these statements would lock, rewrite and read.",
    )
    views.add_argument(
        "--list-rules",
        action="store_true",
        help="Look at no migration; list the rules with the severity they have now.",
    )


def scope_of(options: dict[str, Any]) -> Scope:
    """
    Return which migrations are meant.

    Raises:
        CommandError: ``--pending`` and ``--offline`` are given together.
    """
    labels = tuple(options["app_label"])
    if options["since"] is not None:
        return Scope(SINCE, options["since"], labels)
    if options["pending"] and options["offline"]:
        raise CommandError(
            "--pending asks the database what is applied, and --offline forbids it: use one of them."
        )
    everything = options["all_migrations"] or options["offline"]
    return Scope(ALL if everything else PENDING, labels=labels)


def baseline_path(options: dict[str, Any], settings: Settings) -> Path:
    """Return the file of the baseline, which may not exist."""
    chosen = options["baseline"] or settings.baseline or BASELINE_NAME
    # What is typed is relative to where it is typed, what is in the settings to the project.
    base = Path.cwd() if options["baseline"] else conf.project_directory()
    return base / chosen


def baseline_to_read(options: dict[str, Any], settings: Settings) -> Path | None:
    """
    Return the baseline whose findings are left out, None without one.

    Raises:
        CommandError: ``--baseline`` names a file that does not exist, or contradicts ``--no-baseline``.
    """
    if options["no_baseline"]:
        if options["baseline"]:
            raise CommandError(
                "--baseline and --no-baseline contradict each other: use one of them."
            )
        return None
    path = baseline_path(options, settings)
    if path.exists():
        return path
    if options["baseline"]:
        raise CommandError(
            f"--baseline {options['baseline']}: there is no such file. Write it with --write-baseline."
        )
    return None


def check_output(options: dict[str, Any]) -> Path | None:
    """
    Return the file of ``--output``.

    Raises:
        CommandError: it cannot be written, or a list of rules or facts is asked for in a format that only findings have.
    """
    if (options["explain"] is not None or options["list_rules"]) and options[
        "format"
    ] not in PLAIN_FORMATS:
        flag = "--list-rules" if options["list_rules"] else "--explain"
        raise CommandError(
            f"{flag} takes --format {' or '.join(PLAIN_FORMATS)}, not {options['format']}."
        )
    if not options["output"]:
        return None
    path = Path(options["output"])
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise CommandError(
            f"--output {path}: cannot be written ({error.strerror}). Nothing was checked."
        ) from error
    return path
