"""Whether somebody asked that nothing be migrated on this machine, by a file."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate import conf
from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset({"stop_file"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield an error when the stop file exists: a run would be stopped by it at once."""
    breaker = context.settings.breakers.get(conf.STOP_FILE)
    path = conf.stop_file(context.settings)
    # A file that only pauses lets a run begin, which then stands still before its first operation.
    waits = breaker is not None and breaker.action == conf.PAUSE
    reason = None if path is None or waits else conf.stop_reason(path)
    if reason is not None:
        yield Finding(
            rule="stop_file",
            severity=Severity.ERROR,
            message=f"The stop file {path} exists{f': {reason}' if reason else '.'}",
            hint=f"When migrations may run again: rm {path}",
        )
