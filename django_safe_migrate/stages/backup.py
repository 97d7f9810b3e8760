"""Make a backup, verify it and, if asked for, prove it; or say why none is needed. Without a verified one nothing is touched."""

from __future__ import annotations

from django_safe_migrate import events
from django_safe_migrate.backups.abandoned import abandoned, drop_abandoned
from django_safe_migrate.run import Run, StageResult


def backup(run: Run) -> StageResult:
    """Make a verified backup when this run needs one, and an earlier run of the same command has made none."""
    if run.earlier_backup is not None:
        run.emit(events.BACKUP_CREATED, receipt=run.earlier_backup)
        name, size = run.earlier_backup["name"], run.earlier_backup["size"]
        return StageResult(
            "passed", detail={"reason": run.backup_reason, "name": name, "bytes": size}
        )
    if not run.needs_backup:
        return StageResult("skipped", detail={"reason": run.backup_reason})
    # They take room that a backup may need; nobody else is at work as long as we hold the run lock.
    for name in abandoned(run.database):
        if drop_abandoned(run.database, name):
            run.emit(
                events.NOTICE, message=f"{name}, which a killed process had left, was dropped."
            )
    backend = run.backup_backend()
    receipt = backend.create(run.database, run_id=run.record.id)
    run.emit(events.BACKUP_CREATED, receipt=receipt.told())
    for copy in receipt.copies:
        run.emit(events.NOTICE, message=copy.told)
    detail = {"reason": run.backup_reason, "name": receipt.name, "bytes": receipt.size}
    if run.settings.backup.prove:
        proven = backend.prove(receipt.name, run.database)
        # Once more, so that the history knows of the proof; before it, a run that dies here must have a backup.
        run.emit(events.BACKUP_CREATED, receipt=proven.told())
        detail["proof"] = proven.proof
        run.emit(events.NOTICE, message=f"The backup is proven: {detail['proof']}")
    return StageResult("passed", detail=detail)
