"""Estimates in words, no more exact than they are."""

from __future__ import annotations

from django_safe_migrate.findings import Estimate, Finding
from django_safe_migrate.reports import units

#: Below so many seconds, in steps of so many of a unit, and its seconds.
_STEPS = (
    (10, 1, "s", 1),
    (55, 5, "s", 1),
    (570, 1, "min", 60),
    (3300, 5, "min", 60),
    (36_000, 0.5, "h", 3600),
    (169_200, 1, "h", 3600),
)
#: From so many on, rows are estimates of the server, and told in three digits.
_ROUNDED_ROWS = 100_000
#: What takes less than this does so at any rates.
_INSTANT_SECONDS = 0.1


def message(finding: Finding) -> str:
    """Return the message of a finding, followed by how long it takes where that is known."""
    if finding.estimate is None:
        return finding.message
    return f"{finding.message} Takes {sentence(finding.estimate)}."


def sentence(estimate: Estimate) -> str:
    """Return ``about 4 min for 80,000,000 rows (12 GB)``, followed by ``, at assumed rates`` where nobody has measured them."""
    is_assumed = not estimate.measured and estimate.seconds >= _INSTANT_SECONDS
    rows = units.number(_rounded(estimate.rows), "row")
    return (
        f"{duration(estimate.seconds)} for {rows} ({_size(estimate.bytes)})"
        f"{', at assumed rates' if is_assumed else ''}"
    )


def duration(seconds: float) -> str:
    """Return estimated seconds as ``under a second``, ``about 40 s``, ``about 4 min`` or ``about 3 h``."""
    if seconds < 1:
        return "under a second"
    for limit, step, unit, length in _STEPS:
        if seconds < limit:
            return f"about {max(step, round(seconds / length / step) * step):g} {unit}"
    return f"about {round(seconds / 86_400):,} days"


def _rounded(rows: int) -> int:
    return rows if rows < _ROUNDED_ROWS else int(float(f"{rows:.3g}"))


def _size(count: int) -> str:
    return units.size(count).replace(".0 ", " ")
