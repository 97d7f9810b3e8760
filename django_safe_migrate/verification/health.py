"""
The project's health checks, before and after a run.

They are classes of django-health-check, run by a runner of our own: theirs hides what an unexpected exception was, and leaves each
thread's database connections open.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import inspect
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils.module_loading import import_string

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.verification.context import CheckResult, VerificationContext, counted

PASSED, WARNING, FAILED = "passed", "warning", "failed"

Configured = Sequence[tuple[str, Mapping[str, Any]]]


@dataclasses.dataclass(frozen=True, slots=True)
class HealthResult:
    """What one health check said; ``reason`` is empty when it passed."""

    name: str
    status: str
    reason: str
    seconds: float


def run_checks(configured: Configured) -> tuple[HealthResult, ...]:
    """
    Run health checks, all at once, each in a thread of its own.

    Raises:
        ImproperlyConfigured: a path or its options do not make a health check.
    """
    probes = [_Probe(name, _load(path, options)) for name, path, options in _named(configured)]
    for probe in probes:
        probe.start()
    return tuple(probe.result() for probe in probes)


def check_health(context: VerificationContext) -> CheckResult:
    """Run the configured health checks again and compare them with those before the run."""
    configured = context.settings.health_checks
    if not configured:
        return CheckResult(
            name="health", looked_at='Nothing: SAFE_MIGRATE["HEALTH_CHECKS"] is empty.'
        )
    before = {result.name: result for result in context.baseline.health} if context.baseline else {}
    after = run_checks(configured)
    findings = [_finding(result, before.get(result.name)) for result in after if result.reason]
    looked_at = f"{counted(len(after), 'health check')}, before and after the run: {', '.join(r.name for r in after)}."
    return CheckResult(name="health", looked_at=looked_at, findings=tuple(findings))


def _finding(result: HealthResult, before: HealthResult | None) -> Finding:
    rule, severity = "health_check_failed", Severity.ERROR
    when = {PASSED: " and passed before the run", WARNING: " and only warned before the run"}.get(
        before.status if before else "", ""
    )
    verb = "fails"
    if result.status == WARNING:
        rule, severity, verb, when = "health_check_warned", Severity.WARNING, "warns", ""
    elif before is not None and before.status == FAILED:
        rule, severity = "health_check_failed_before", Severity.WARNING
        when = ", as it did before the run"
    return Finding(
        rule=rule,
        severity=severity,
        message=f"Health check {result.name} {verb}{when}: {result.reason}",
        hint="Run the health checks alone: python manage.py shell -c "
        '"from django_safe_migrate import conf; from django_safe_migrate.verification.health import run_checks; '
        'print(*run_checks(conf.load().health_checks), sep=chr(10))"',
    )


def _named(configured: Configured) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Name each check by its path; options, which may hold secrets, are not shown."""
    seen: dict[str, int] = {}
    named = []
    for path, options in configured:
        seen[path] = seen.get(path, 0) + 1
        named.append((path if seen[path] == 1 else f"{path} ({seen[path]})", path, options))
    return named


def _load(path: str, options: Mapping[str, Any]) -> Any:
    setting = 'SAFE_MIGRATE["HEALTH_CHECKS"]'
    try:
        check = import_string(path)(**options)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"{setting} names {path!r}, which cannot be imported: {error}."
        ) from error
    except TypeError as error:
        raise ImproperlyConfigured(
            f"{setting} gives {path!r} options that it does not take: {error}."
        ) from error
    if not callable(getattr(check, "run", None)):
        raise ImproperlyConfigured(
            f"{setting} names {path!r}, which is no health check: it has no run()."
        )
    return check


class _Probe:
    """One health check in a thread: the caller may be inside an event loop, and a check that hangs must not hold it up."""

    #: A check's own timeout of its client comes first.
    grace = 1.0

    def __init__(self, name: str, check: Any) -> None:
        self.name = name
        self.check = check
        timeout: datetime.timedelta = getattr(check, "timeout", datetime.timedelta(seconds=5))
        self.timeout = timeout.total_seconds()
        self.error: Exception | None = None
        self.started = 0.0
        self.finished: float | None = None
        self.thread = threading.Thread(target=self._run, name=f"health check {name}", daemon=True)

    def start(self) -> None:
        self.started = time.perf_counter()
        self.thread.start()

    def result(self) -> HealthResult:
        """Wait for the check, until its timeout at most."""
        waited = time.perf_counter() - self.started
        self.thread.join(max(0.0, self.timeout + self.grace - waited))
        if self.finished is None:
            seconds = time.perf_counter() - self.started
            return HealthResult(
                self.name, FAILED, f"it did not end within {self.timeout:g} s.", seconds
            )
        status, reason = _outcome(self.error)
        return HealthResult(self.name, status, reason, self.finished - self.started)

    def _run(self) -> None:
        try:
            asyncio.run(self._run_async()) if inspect.iscoroutinefunction(
                self.check.run
            ) else self.check.run()
        except Exception as error:
            self.error = error
        finally:
            # Those that this thread opened; nobody else could close them.
            connections.close_all()
            self.finished = time.perf_counter()

    async def _run_async(self) -> None:
        try:
            await self.check.run()
        finally:
            # Asynchronous code reaches the database in a thread that asgiref keeps.
            await sync_to_async(connections.close_all)()


def _outcome(error: Exception | None) -> tuple[str, str]:
    # Not at the top: importing anything of health_check imports its DNS resolver, which every run would wait for.
    from health_check.exceptions import HealthCheckException, ServiceWarning

    if error is None:
        return PASSED, ""
    if isinstance(error, ServiceWarning):
        return WARNING, f"{error}."
    if isinstance(error, HealthCheckException):
        return FAILED, f"{error}."
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return (
        FAILED,
        f"it raised {kind}, which no health check should; its text may hold secrets and is not shown.",
    )
