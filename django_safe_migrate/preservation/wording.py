"""Numbers and moments in sentences."""

from __future__ import annotations

import datetime


def number(count: int, one: str, many: str) -> str:
    """Return a count with its noun, such as ``1,234 rows``."""
    return f"{count:,} {one if count == 1 else many}"


def span(seconds: float) -> str:
    """Return a span of time in days where that is exact, such as ``30 days``."""
    days = seconds / 86400
    return (
        number(int(days), "day", "days")
        if days == int(days)
        else str(datetime.timedelta(seconds=int(seconds)))
    )
