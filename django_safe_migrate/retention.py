"""Which old backups, and which copies of what migrations dropped, go once a run has succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.utils import DatabaseError

from django_safe_migrate import events
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.history import History
from django_safe_migrate.preservation import expiry

if TYPE_CHECKING:
    from django_safe_migrate.run import Run


def prune_backups(run: Run) -> None:
    """Delete the oldest backups beyond those to keep, after a run that made one; what cannot be deleted is said, and fails nothing."""
    if run.record.backup is None:
        return
    alias = run.options.database
    try:
        deleted = run.backup_backend().prune(alias, run.settings.backup.keep)
    except (BackupFailed, OSError) as error:
        run.emit(events.NOTICE, message=f"Old backups could not be pruned: {error}")
        return
    if deleted:
        History().mark_pruned(deleted, alias)
        run.emit(events.NOTICE, message=f"Pruned old backups: {', '.join(deleted)}.")


def prune_preserved(run: Run) -> None:
    """Drop the copies of dropped data that were kept long enough; what cannot be dropped is said, and fails nothing."""
    try:
        with run.database.timeouts(run.options.lock_timeout, run.options.statement_timeout):
            pruned = expiry.prune(run.database)
    except DatabaseError as error:
        run.emit(events.NOTICE, message=f"Kept data could not be pruned: {describe(error)}")
        return
    for one in pruned:
        run.emit(events.NOTICE, message=expiry.pruned(one))
