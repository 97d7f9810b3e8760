"""Whether the database answers as quickly as before."""

from __future__ import annotations

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.verification.context import CheckResult, VerificationContext

#: Smaller differences are the noise of a network and of a cache gone cold.
GROSS_FACTOR = 5
GROSS_SECONDS = 0.05


def check_performance(context: VerificationContext) -> CheckResult:
    """Compare the median round trip of the smallest query with the one before the run."""
    after = context.database.response_seconds()
    if context.baseline is None:
        return CheckResult(
            name="performance", looked_at=f"The response time after the run: {_shown(after)}."
        )
    before = context.baseline.response_seconds
    return CheckResult(
        name="performance",
        looked_at=f"The median response time before the run ({_shown(before)}) and after it ({_shown(after)}).",
        findings=_slower(before, after),
    )


def _slower(before: float, after: float) -> tuple[Finding, ...]:
    if after <= GROSS_SECONDS or after <= before * GROSS_FACTOR:
        return ()
    finding = Finding(
        rule="slower_response",
        severity=Severity.WARNING,
        message=f"The database answers the smallest query in {_shown(after)}; before the run it took {_shown(before)}.",
        hint="Look for what keeps the server busy: rebuilt tables are read from disk once, and statistics may have to be "
        "renewed (ANALYZE).",
    )
    return (finding,)


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
