"""Ways back to before a run other than the reverses of its migrations: its backup, or a point in time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.history import History
from django_safe_migrate.repair.problem import on_database

REVERSE, RESTORE, POINT_IN_TIME = "reverse", "restore", "point-in-time"
STRATEGIES = (REVERSE, RESTORE, POINT_IN_TIME)
HELP = (
    "With --run: unapply what the run applied (reverse), restore the backup that it made (restore), or give the commands that go to the "
    "moment before its first migration, and do nothing (point-in-time)."
)


def run_of(options: dict[str, Any], run: str | None) -> str:
    """
    Return the full id of the run that these options go back from.

    Raises:
        CommandError: none is named, or there is none of this name.
    """
    strategy, alias = options["strategy"], options["database"]
    if run is None:
        raise CommandError(f"--strategy {strategy} goes back to before a run: name it with --run.")
    record = History().find(run, database=alias)
    if record is None:
        raise CommandError(
            f"There is no run {run!r} on database {alias!r}. See: migrate_status --history"
        )
    return record.id


def backup_of(run_id: str, alias: str) -> str:
    """
    Return the name of the backup that a run has made.

    Raises:
        BackupFailed: it has made none.
    """
    record = History().find(run_id, database=alias)
    backup = record.backup if record is not None else None
    if not backup:
        raise BackupFailed(
            f"Run {run_id} has made no backup.",
            next_command=f"migrate_backup list{on_database(alias)}   (shows those of other runs)",
        )
    return str(backup["name"])
