from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate import events
from django_safe_migrate.findings import Severity
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import Report, build
from tests.records import FINDING, RECEIPT, Story, failed, succeeded, under_way, with_steps


def test_the_facts_of_the_run() -> None:
    record = succeeded().record()
    report = build(record)
    facts = dataclasses.asdict(report.run)
    assert facts.pop("outcome") == "success"
    assert {name: getattr(record, name) for name in facts} == facts
    assert report.tables == ("shop_order",)
    assert [(stage.name, stage.status) for stage in report.stages] == [
        ("preflight", "passed"),
        ("backup", "passed"),
        ("execute", "passed"),
        ("verify", "passed"),
    ]


def test_what_each_migration_did() -> None:
    first, second = build(failed().record()).migrations
    assert (first.label, first.status, first.attempts) == ("shop.0002_order_total", "applied", 1)
    assert first.impact == "3 statements; 1,200 rows written; shop_order"
    assert [statement.sql for statement in first.operations[0].statements] == [
        'ALTER TABLE "shop_order" ADD "total" integer',
        'UPDATE "shop_order" SET "total" = %s',
    ]
    assert (second.status, second.error, second.impact) == (
        "failed",
        "boom",
        "no operation was finished",
    )


def test_migrations_that_ran_no_sql() -> None:
    story = Story().start().say(events.STEP_STARTED, index=0, attempt=1)
    story.say(events.STEP_FINISHED, index=0, status="faked", seconds=0.0)
    assert [migration.impact for migration in build(story.record()).migrations] == [
        "recorded only",
        "not carried out",
    ]


def test_what_was_measured() -> None:
    performance = build(succeeded().record()).performance
    assert (performance.response_seconds_before, performance.response_seconds_after) == (
        0.002,
        0.003,
    )
    assert (performance.peak_rss_bytes, performance.cpu_seconds) == (90_000_000, 1.25)
    assert (performance.statements, performance.retries) == (6, 0)
    assert performance.statement_seconds == pytest.approx(0.8)
    assert performance.peak_connections is None


def test_nothing_is_made_up_where_nothing_was_measured() -> None:
    performance = build(RunRecord("r")).performance
    assert dataclasses.astuple(performance) == (None, None, 0, 0, 0, None, None, None)


def test_attempts_that_were_repeated_are_counted() -> None:
    story = Story().start().say(events.STEP_STARTED, index=0, attempt=3)
    assert build(story.record()).performance.retries == 2


def test_the_checks_of_the_verification() -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="verify")
    checks = [
        {"name": "schema", "looked_at": "14 tables", "seconds": 0.5, "findings": 2},
        {"name": "counts", "looked_at": "3 tables", "seconds": 0.1, "findings": [FINDING]},
        {"name": "bare"},
    ]
    story.say(
        events.STAGE_FINISHED, stage="verify", status="passed", seconds=1, detail={"checks": checks}
    )
    assert [(check.name, check.findings) for check in build(story.record()).checks] == [
        ("schema", 2),
        ("counts", 1),
        ("bare", 0),
    ]


def test_the_gravest_findings_come_first() -> None:
    grave = {**FINDING, "severity": "error", "rule": "grave"}
    light = {**FINDING, "severity": "info", "rule": "light"}
    report = build(Story().start().preflight(light, FINDING, grave).record())
    assert [finding.severity for finding in report.findings] == [
        Severity.ERROR,
        Severity.WARNING,
        Severity.INFO,
    ]


def test_failure_and_backup() -> None:
    story = failed()
    report = build(story.record())
    assert report.failure is not None
    assert report.failure.type == "MigrationFailed"
    assert report.failure.next_command == f"migrate_rollback --run {story.run_id}"
    assert report.backup is not None
    assert (report.backup.name, report.backup.size) == (RECEIPT["name"], 12_345_678)
    assert build(under_way().record()).backup is None


@pytest.mark.parametrize(
    "record", [succeeded().record(), failed().record(), under_way().record(), RunRecord("r")]
)
def test_a_report_comes_back_from_json(record: RunRecord) -> None:
    report = build(record)
    assert Report.from_json(report.to_json()) == report


def test_a_report_of_another_version_is_refused() -> None:
    data = {**build(with_steps(1)).to_json(), "schema_version": 2}
    with pytest.raises(ValueError, match=r"This is no report of schema version 1\."):
        Report.from_json(data)
