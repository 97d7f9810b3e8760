"""Whether every planned migration is recorded as planned."""

from __future__ import annotations

from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.plan import PlannedMigration
from django_safe_migrate.verification.context import CheckResult, VerificationContext, counted


def check_completeness(context: VerificationContext) -> CheckResult:
    """Read the records afresh and compare them with the plan."""
    applied = set(MigrationRecorder(context.database.connection).applied_migrations())
    wrong = [step for step in context.plan.steps if (_key(step) in applied) == step.backwards]
    looked_at = (
        f"The records of {counted(len(context.plan.steps), 'planned migration')} "
        f"among {counted(len(applied), 'record')}."
    )
    return CheckResult(
        name="completeness",
        looked_at=looked_at,
        findings=tuple(_finding(step, context) for step in wrong),
    )


def _key(step: PlannedMigration) -> tuple[str, str]:
    return step.app_label, step.name


def _finding(step: PlannedMigration, context: VerificationContext) -> Finding:
    if step.backwards:
        rule, words = "still_applied", "was to be unapplied and is still recorded as applied"
    else:
        rule, words = "still_pending", "was to be applied and is not recorded"
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        message=f"Migration {step.label} {words}.",
        hint=f"See what is recorded: {context.command('migrate_status')}",
        migration=step.label,
        file=step.file,
    )
