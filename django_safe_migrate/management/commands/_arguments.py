"""Options that several commands share, and their conversion."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate import values

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings

BACKUP_CHOICES = ("always", "destructive", "never")
ON_FAILURE_CHOICES = ("stop", "rollback", "restore")
#: What ``--lock-timeout`` and ``--statement-timeout`` take for "the server's own setting".
NO_TIMEOUT = "none"


def duration(value: str) -> float:
    """Return seconds from an argument such as ``500ms`` or ``10min``."""
    try:
        return values.duration(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{value!r} is not a duration; write seconds (2.5) or a number with ms, s, min or h (500ms, 10min)."
        ) from None


def timeout(value: str) -> float | str:
    """Return seconds, or ``none`` as it is."""
    return NO_TIMEOUT if value.lower() == NO_TIMEOUT else duration(value)


def add_run_arguments(add: Callable[..., Any]) -> None:
    """Add the options of a command that carries out a plan."""
    _add_policies(add)
    _add_durations(add)
    _add_output(add)


def _add_policies(add: Callable[..., Any]) -> None:
    add(
        "--backup",
        choices=BACKUP_CHOICES,
        help="When to make a verified backup first. Default: SAFE_MIGRATE['BACKUP']['WHEN'].",
    )
    add(
        "--allow",
        action="append",
        default=[],
        metavar="RULE",
        help="Do not let findings of this rule block the run; recorded in the history. May be repeated.",
    )
    add(
        "--on-failure",
        choices=ON_FAILURE_CHOICES,
        help="When a migration fails: stop there, roll back what this run did, or restore its backup. "
        "Default: SAFE_MIGRATE['ON_FAILURE'].",
    )


def _add_durations(add: Callable[..., Any]) -> None:
    add(
        "--lock-timeout",
        type=timeout,
        metavar="DURATION",
        help="How long a statement waits for a lock before everyone else goes first and it tries again (2s, 500ms, none).",
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
        help="How long to wait for another run on this database; 0 leaves at once with exit code 6.",
    )
    add(
        "--terminate-blockers",
        type=duration,
        metavar="AFTER",
        help="End sessions that hold a lock we wait for and have been idle in their transaction for so long (5min). Their transactions "
        "are rolled back. Never a session that does what migrations do. Default: nobody is ended.",
    )


def _add_output(add: Callable[..., Any]) -> None:
    add(
        "--format",
        choices=("text", "json", "markdown"),
        default="text",
        help="Format of standard output: text; json, a line for each event while it happens and the report in the last one; or markdown, "
        "the report. Progress for people goes to standard error unless it is text.",
    )
    add(
        "--report",
        metavar="FILE",
        help="Also write the report to this file; .json gives JSON, anything else markdown.",
    )


def chosen_timeout(option: float | str | None, setting: float | None) -> float | None:
    """Return the option if given (``none`` is None), else the setting."""
    if option is None:
        return setting
    return None if option == NO_TIMEOUT else float(option)


def run_settings(options: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """
    Return the keyword arguments for ``RunOptions`` that command line and settings give together.

    Raises:
        CommandError: ``--allow`` names a rule that does not exist.
    """
    if options["allow"]:
        # The rules are imported only where their names matter.
        from django_safe_migrate.management.commands._rules import check_rules

        check_rules(options["allow"], settings)
    return {
        "database": options["database"],
        "backup": options["backup"] or settings.backup.when,
        "on_failure": options["on_failure"] or settings.on_failure,
        "allow": frozenset(options["allow"]),
        "lock_timeout": chosen_timeout(options["lock_timeout"], settings.lock_timeout),
        "statement_timeout": chosen_timeout(
            options["statement_timeout"], settings.statement_timeout
        ),
        "run_lock_wait": settings.run_lock_wait if options["wait"] is None else options["wait"],
        "terminate_blockers": options["terminate_blockers"],
        "interactive": options["interactive"],
    }
