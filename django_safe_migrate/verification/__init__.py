"""Whether the result of a run is what was planned: measurements before it, checks after it."""

from __future__ import annotations

from django_safe_migrate.verification.baseline import Baseline, measure
from django_safe_migrate.verification.checks import verify
from django_safe_migrate.verification.context import (
    CheckResult,
    VerificationContext,
    VerificationResult,
)

__all__ = [
    "Baseline",
    "CheckResult",
    "VerificationContext",
    "VerificationResult",
    "measure",
    "verify",
]
