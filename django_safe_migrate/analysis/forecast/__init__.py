"""What each migration of a plan will do to the database: made in the pass in which the rules look at it."""

from __future__ import annotations

from django_safe_migrate.analysis.forecast.document import (
    Destroyed,
    Forecast,
    ForecastLock,
    GoingBack,
    Lasting,
    PreviousRelease,
    Unknown,
    Work,
)

__all__ = [
    "Destroyed",
    "Forecast",
    "ForecastLock",
    "GoingBack",
    "Lasting",
    "PreviousRelease",
    "Unknown",
    "Work",
]
