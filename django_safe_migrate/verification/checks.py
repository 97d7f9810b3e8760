"""Every check in turn; one that fails by itself is a finding, not a pass."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.verification.completeness import check_completeness
from django_safe_migrate.verification.context import (
    CheckResult,
    VerificationContext,
    VerificationResult,
)
from django_safe_migrate.verification.health import check_health
from django_safe_migrate.verification.integrity import check_integrity
from django_safe_migrate.verification.performance import check_performance
from django_safe_migrate.verification.rows import check_rows
from django_safe_migrate.verification.schema import check_schema

Check = Callable[[VerificationContext], CheckResult]

CHECKS: tuple[Check, ...] = (
    check_completeness,
    check_schema,
    check_rows,
    check_integrity,
    check_health,
    check_performance,
)


def verify(context: VerificationContext) -> VerificationResult:
    """Run every check and return what they looked at and found."""
    return VerificationResult(tuple(_carried_out(check, context) for check in CHECKS))


def _carried_out(check: Check, context: VerificationContext) -> CheckResult:
    started = time.perf_counter()
    try:
        result = check(context)
    except (DatabaseError, InterfaceError) as error:
        result = _not_carried_out(check, context, error)
    return dataclasses.replace(result, seconds=time.perf_counter() - started)


def _not_carried_out(check: Check, context: VerificationContext, error: Exception) -> CheckResult:
    name = check.__name__.removeprefix("check_")
    # The lines after the first may hold values of rows.
    reason = (str(error).strip().splitlines() or [""])[0]
    finding = Finding(
        rule="check_not_carried_out",
        severity=Severity.ERROR,
        message=f"The check of {name} broke off: {type(error).__name__}: {reason}",
        hint=f"See what the database says now: {context.command('migrate_status')}",
    )
    return CheckResult(
        name=name, looked_at="Nothing: the database raised an error.", findings=(finding,)
    )
