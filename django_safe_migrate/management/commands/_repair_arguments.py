"""The options of ``migrate_repair``, and what they mean together."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from django_safe_migrate.management.commands._arguments import (
    BACKUP_CHOICES,
    chosen_timeout,
    duration,
    timeout,
)
from django_safe_migrate.repair import Ways
from django_safe_migrate.repair.position import Known
from django_safe_migrate.repair.problem import (
    BROKEN_OFF,
    GHOSTS,
    INVALID_INDEXES,
    RESET,
    RESUME,
    REVERT,
    RUNS,
    SCHEMA,
    SCRATCH,
    UNLOCK,
)

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings

_FLAGS = {
    RESUME: "Finish what is half done, after its last operation in the database.",
    REVERT: "Undo what is half done, last operation first.",
    UNLOCK: "Free the run lock, only if its owner is proven to be gone.",
    RUNS: "Close runs left as running, whose process is gone, as crashed.",
    SCRATCH: "Drop scratch databases that a killed restore, proof or rehearsal left.",
    GHOSTS: "Delete the records of migrations that have no file.",
    BROKEN_OFF: "Finish what a broken-off statement left: a table that SQLite was remaking, a partition that PostgreSQL was detaching, a table that it was reindexing.",
    INVALID_INDEXES: "Build invalid indexes anew, or drop those that no applied migration wants; concurrently.",
}


def add_actions(add: Callable[..., Any]) -> None:
    """Add the actions; without any, everything is looked for."""
    for name, text in _FLAGS.items():
        add(f"--{name}", action="store_true", help=text)
    add(
        "--reset",
        nargs=2,
        metavar=("APP", "MIGRATION"),
        help="Record this migration as applied or unapplied, whichever the schema is; refused when it is neither.",
    )
    add(
        "--schema",
        nargs="*",
        metavar="TABLE",
        help="Make these tables, or all, what the applied migrations made of them. TABLE.INDEX with --force drops an index that no model asks for.",
    )


def add_conditions(add: Callable[..., Any]) -> None:
    """Add how it is done."""
    add(
        "--assume-done",
        action="append",
        default=[],
        type=_number,
        metavar="N",
        help="Take it that operation N of the half-done migration was carried out, where no catalogue can tell. May be repeated.",
    )
    add(
        "--assume-not-done",
        action="append",
        default=[],
        type=_number,
        metavar="N",
        help="Take it that operation N was not carried out. May be repeated.",
    )
    add(
        "--force",
        action="store_true",
        help="With --schema: go on although data is lost, or drop an index that is named.",
    )
    add("--dry-run", action="store_true", help="Show what would be done; touch nothing.")
    add(
        "--noinput",
        "--no-input",
        "--yes",
        action="store_false",
        dest="interactive",
        help="Do not ask; needs a named action. Without a terminal, this and nothing else carries anything out.",
    )
    add(
        "--backup",
        choices=BACKUP_CHOICES,
        help="When to make a verified backup before --resume, --revert and --schema. Default: SAFE_MIGRATE['BACKUP']['WHEN'].",
    )
    _add_durations(add)
    add("--format", choices=("text", "json"), default="text", help="Format of the output.")


def _add_durations(add: Callable[..., Any]) -> None:
    add(
        "--lock-timeout",
        type=timeout,
        metavar="DURATION",
        help="How long a statement waits for a lock before everyone else goes first (2s, 500ms, none).",
    )
    add(
        "--statement-timeout",
        type=timeout,
        metavar="DURATION",
        help="How long a statement may run (15min, none).",
    )
    add(
        "--wait",
        type=duration,
        metavar="SECONDS",
        help="How long to wait for a run on this database; 0 leaves at once with exit code 6.",
    )


def ways_of(options: dict[str, Any], settings: Settings) -> Ways:
    """
    Return what the options ask for.

    Raises:
        CommandError: they do not go together.
    """
    actions = frozenset(_named(options))
    _check(options, actions)
    return Ways(
        database=options["database"],
        actions=actions,
        reset=tuple(options["reset"]) if options["reset"] else None,
        tables=tuple(options["schema"] or ()),
        force=options["force"],
        assumed=Known(
            frozenset(number - 1 for number in options["assume_done"]),
            frozenset(number - 1 for number in options["assume_not_done"]),
        ),
        backup=options["backup"] or settings.backup.when,
        lock_timeout=chosen_timeout(options["lock_timeout"], settings.lock_timeout),
        statement_timeout=chosen_timeout(options["statement_timeout"], settings.statement_timeout),
        run_lock_wait=settings.run_lock_wait if options["wait"] is None else options["wait"],
    )


def _named(options: dict[str, Any]) -> list[str]:
    found = [name for name in _FLAGS if options[name.replace("-", "_")]]
    if options["reset"]:
        found.append(RESET)
    if options["schema"] is not None:
        found.append(SCHEMA)
    return found


def _check(options: dict[str, Any], actions: frozenset[str]) -> None:
    assumed = options["assume_done"], options["assume_not_done"]
    if {RESUME, REVERT} <= actions:
        raise CommandError("--resume and --revert lead to opposite ends: use one of them.")
    if not options["interactive"] and not actions and not options["dry_run"]:
        raise CommandError(
            "--noinput needs a named action, such as --resume; without it nobody has agreed to anything."
        )
    if any(assumed) and not actions & {RESUME, REVERT, RESET}:
        raise CommandError(
            "--assume-done and --assume-not-done go with --resume, --revert or --reset."
        )
    if both := sorted(set(assumed[0]) & set(assumed[1])):
        raise CommandError(f"Operation {both[0]} cannot be both done and not done.")
    if options["force"] and SCHEMA not in actions:
        raise CommandError("--force goes with --schema only.")


def _number(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(
            f"{value!r} is not the number of an operation; write 1 or more, as migrate_status shows it."
        )
    return int(value)
