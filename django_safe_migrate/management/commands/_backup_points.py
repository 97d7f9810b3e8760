"""Finding the point in time that was asked for, and a backup from before it."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.history import History
from django_safe_migrate.reports import point_in_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_safe_migrate.backups import BackupBackend
    from django_safe_migrate.databases import Database

#: So many runs are looked through.
MANY = 200


def find(wanted: str | None, alias: str) -> dict[str, Any] | None:
    """
    Return the position before a migration (``app_label.name``) or a run, None when none was asked for; the newest run that knows it counts.

    Raises:
        BackupFailed: no run has recorded it.
    """
    if wanted is None:
        return None
    is_run = "." not in wanted
    if is_run:
        one = History().find(wanted, database=alias)
        runs = [] if one is None else [one]
    else:
        runs = History().last_runs(MANY, database=alias)
    found = (point_in_time.before(run, "" if is_run else wanted) for run in runs)
    position = next(filter(None, found), None)
    if position is None:
        raise BackupFailed(
            f"No run has recorded where the log of database {alias!r} was before {wanted}.",
            next_command=f"migrate_status --history --database {alias}   (shows the points that are known)",
        )
    return dataclasses.asdict(position)


def preceding(backend: BackupBackend, database: Database, position: Mapping[str, Any]) -> str:
    """
    Return the newest verified backup that can be brought forward to a position.

    Raises:
        BackupFailed: there is none.
    """
    for receipt in backend.list(database.alias):
        if receipt.is_verified:
            with contextlib.suppress(BackupFailed):
                backend.by_hand(receipt.name, database, position)
                return receipt.name
    raise BackupFailed(
        f"There is no verified backup of database {database.alias!r} that can be brought forward to that point.",
        next_command=f"migrate_backup list --database {database.alias}",
    )
