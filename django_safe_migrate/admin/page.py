"""What the page of a run shows: the report, with its numbers in words, as plain data for the template."""

from __future__ import annotations

import re
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from django_safe_migrate.history import record_of
from django_safe_migrate.models import MigrationRun
from django_safe_migrate.reports import Report, build, estimates, point_in_time, units, words
from django_safe_migrate.reports.document import Migration, Operation


def report_of(run: MigrationRun) -> Report:
    """Return the report stored with a run; of one without, or with one of another version, it is built from the rows."""
    try:
        return Report.from_json(run.report)
    except (KeyError, TypeError, ValueError):
        return build(record_of(run))


def page_of(run: MigrationRun) -> dict[str, Any]:
    """Return what the template of a run's page needs."""
    report = report_of(run)
    runs = MigrationRun.objects.using(run._state.db)
    return {
        "report": report,
        "duration": "" if report.run.status == "running" else units.duration(report.run.seconds),
        "backup": words.backup(report),
        "undone_is_known": runs.filter(pk__in=[run.rollback_of_id]).exists(),
        "rollbacks": list(
            runs.filter(rollback_of_id=run.pk).order_by("started_at").only("pk", "status")
        ),
        "stages": [
            {"stage": stage, "duration": units.duration(stage.seconds)} for stage in report.stages
        ],
        "migrations": [_migration(migration) for migration in report.migrations],
        "measurements": list(words.all_measurements(report)),
        "versions": sorted(report.run.versions.items()),
        "failure": _failure(report),
        "findings": [
            {"finding": one, "message": prose(estimates.message(one))} for one in report.findings
        ],
        "reachable": list(point_in_time.sentences(report.point_in_time)),
        "positions": list(point_in_time.rows(report.point_in_time)),
        "notices": [prose(notice) for notice in report.notices],
        "has_issues": bool(report.failure or report.findings or report.notices),
    }


def _migration(migration: Migration) -> dict[str, Any]:
    return {
        "migration": migration,
        "status": words.status(migration),
        "duration": words.duration(migration),
        "operations": [_operation(operation) for operation in migration.operations],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "operation": operation,
        "duration": units.duration(operation.seconds) if operation.finished else "",
        "statements": [
            {"statement": statement, "duration": units.duration(statement.seconds)}
            for statement in operation.statements
        ],
    }


def _failure(report: Report) -> dict[str, Any] | None:
    if report.failure is None:
        return None
    return {
        "message": prose(report.failure.message),
        "changed": prose(report.failure.changed),
        "command": report.failure.next_command,
    }


def prose(text: str) -> SafeString:
    """Return text from outside as HTML: escaped, with code elements for what stands between backticks."""
    pieces = re.split("`([^`\n]+)`", text)
    marked = (
        format_html("<code>{}</code>", one) if place % 2 else format_html("{}", one)
        for place, one in enumerate(pieces)
    )
    return format_html_join("", "{}", ((one,) for one in marked))
