"""Whether a run may start at this hour."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset({"outside_maintenance_window"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield an error outside of all windows that are configured; on a first install there is nobody to disturb."""
    windows, now = context.settings.maintenance_windows, context.now()
    if not windows or context.first_install or any(window.contains(now) for window in windows):
        return
    zone = timezone.get_default_timezone_name()
    allowed = ", ".join(window.text for window in windows)
    yield Finding(
        rule="outside_maintenance_window",
        severity=Severity.ERROR,
        message=f"It is {now:%a %H:%M} ({zone}), outside of the maintenance windows: {allowed}.",
        hint="Run it in a window, or now all the same: --allow outside_maintenance_window",
    )
