"""Check that the result is what was planned."""

from __future__ import annotations

from django_safe_migrate.exceptions import VerificationFailed
from django_safe_migrate.run import Run, StageResult
from django_safe_migrate.verification import VerificationContext
from django_safe_migrate.verification import verify as verify_result


def verify(run: Run) -> StageResult:
    """Run every check; an error among the findings fails the stage."""
    result = verify_result(
        VerificationContext(
            database=run.database,
            plan=run.plan,
            state=run.state_after,
            baseline=run.baseline,
            settings=run.settings,
            fake=run.options.fake,
        )
    )
    errors = [finding for finding in result.findings if finding.is_blocking]
    if not errors:
        return StageResult("passed", result.findings, result.to_json())
    one = len(errors) == 1
    error = VerificationFailed(
        f"{len(errors)} check{'' if one else 's'} after the migration failed: "
        + " ".join(finding.message for finding in errors[:5]),
        next_command=f"migrate_rollback --run {run.record.id}",
    )
    return StageResult("failed", result.findings, result.to_json(), error=error)
