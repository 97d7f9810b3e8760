"""Make a backup and verify it, or say why none is needed; without a verified one nothing is touched."""

from __future__ import annotations

from django_safe_migrate import events
from django_safe_migrate.run import Run, StageResult


def backup(run: Run) -> StageResult:
    """Make a verified backup when this run needs one."""
    if not run.needs_backup:
        return StageResult("skipped", detail={"reason": run.backup_reason})
    receipt = run.backup_backend().create(run.database, run_id=run.record.id)
    run.emit(events.BACKUP_CREATED, receipt=receipt.to_json())
    return StageResult(
        "passed", detail={"reason": run.backup_reason, "name": receipt.name, "bytes": receipt.size}
    )
