"""Sentences that more than one rendering of a report needs, so that all of them say the same."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.reports import monitoring, units
from django_safe_migrate.reports.document import Migration, Performance, Report

NOT_MEASURED = "not measured"
#: Below this (seconds), a difference between two response times tells of the machine, not of the migration.
_NOISE = 0.001


def headline(report: Report) -> str:
    """Return what happened in one line."""
    took = units.duration(report.run.seconds)
    if report.run.kind in {"restore", "repair"}:
        return f"{report.run.outcome}: {report.run.kind} of {report.run.database} in {took}"
    done = sum(
        migration.status in {"applied", "unapplied", "faked"} for migration in report.migrations
    )
    total = len(report.migrations)
    counted = (
        units.number(total, "migration")
        if done == total
        else f"{done} of {units.number(total, 'migration')}"
    )
    verb = "rolled back" if report.run.kind == "rollback" else "carried out"
    waited = monitoring.headline(report.monitoring)
    return f"{report.run.outcome}: {counted} {verb} on {report.run.database} in {took}{waited}"


def status(migration: Migration) -> str:
    """Return a step's status, and how often it was tried when that was more than once."""
    if migration.attempts > 1:
        return f"{migration.status} (attempt {migration.attempts})"
    return migration.status


def duration(migration: Migration) -> str:
    """Return how long a step took; empty when it was not carried out."""
    return "" if migration.status == "planned" else units.duration(migration.seconds)


def backup(report: Report) -> str:
    """Return the run's backup in one sentence, or why there is none."""
    if report.backup is not None:
        proven = (
            f"verified: {report.backup.verification}" if report.backup.verification else "verified"
        )
        known = report.backup.broken or (proven if report.backup.verified_at else "not verified")
        return f"{report.backup.name} ({units.size(report.backup.size)}, {known})"
    reasons = (stage.detail.get("reason") for stage in report.stages if stage.name == "backup")
    return next((str(reason) for reason in reasons if reason), "none")


def all_measurements(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what was measured of the run, how long others waited for it first."""
    seen = dict.fromkeys(monitoring.measurements(report.monitoring))
    yield from (row for row in seen if row[0].startswith("Longest wait"))
    yield from measurements(report.performance)
    yield from (row for row in seen if not row[0].startswith("Longest wait"))


def breakers(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield which circuit breakers opened: its name, what it did and for how long, and why."""
    for opening in report.breakers:
        lasted = "" if opening.seconds is None else f" for {units.duration(opening.seconds)}"
        yield opening.breaker, f"{opening.action}{lasted}", opening.reason


def measurements(performance: Performance) -> Iterator[tuple[str, str]]:
    """Yield what was measured: a name and a value."""
    yield "Database response time before", _response(performance.response_seconds_before)
    yield "Database response time after", _response(performance.response_seconds_after)
    before, after = performance.response_seconds_before, performance.response_seconds_after
    if before and after and min(before, after) >= _NOISE:
        yield "Change of the response time", f"{after / before - 1:+.0%}"
    yield (
        "Statements",
        f"{performance.statements:,} in {units.duration(performance.statement_seconds)}",
    )
    yield "Peak memory of this process", units.size(performance.peak_rss_bytes) or NOT_MEASURED
    yield "Processor time", units.duration(performance.cpu_seconds) or NOT_MEASURED
    if performance.peak_connections is not None:
        yield "Peak connections", f"{performance.peak_connections:,}"
    if performance.retries:
        yield "Attempts repeated", f"{performance.retries:,}"


def _response(seconds: float | None) -> str:
    if seconds is None:
        return NOT_MEASURED
    return units.short(seconds)
