from __future__ import annotations

import datetime

from django_safe_migrate import values
from django_safe_migrate.environment import RULES, assess

SATURDAY_NOON = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)


def outside(make_context, **given):
    windows = values.windows(["Sun 02:00-04:00"])
    return make_context(now=lambda: SATURDAY_NOON, maintenance_windows=windows, **given)


def test_nothing_stands_in_the_way(make_context):
    assert assess(make_context()) == []


def test_severities_of_the_settings(make_context):
    name = "outside_maintenance_window"
    assert [f.severity.label for f in assess(outside(make_context))] == ["error"]
    [finding] = assess(outside(make_context, rules={name: "warning"}))
    assert finding.severity.label == "warning"
    assert assess(outside(make_context, rules={name: "off"})) == []


def test_without_a_connection_nothing_else_is_asked(make_context, monkeypatch):
    context = outside(make_context)
    monkeypatch.setattr(type(context.database), "is_reachable", lambda self: "gone")
    assert [finding.rule for finding in assess(context)] == [
        "outside_maintenance_window",
        "unreachable_database",
    ]


def test_names():
    assert {
        "unreachable_database",
        "missing_permission",
        "inconsistent_history",
        "conflicting_migrations",
        "ghost_migration",
        "recorded_out_of_order",
        "missing_migration",
        "long_transaction",
        "prepared_transaction",
        "broken_off_statement",
        "anti_wraparound_vacuum",
        "invalid_index_before",
        "stop_file",
        "is_replica",
        "replication_lag",
        "transaction_pooler",
        "outside_maintenance_window",
        "wal_archiving_failing",
        "wal_not_archived",
    } == RULES


def test_leaves_no_trace(make_context, connection):
    before = make_context().database.tables()
    assess(make_context())
    assert make_context().database.tables() == before
    assert not connection.in_atomic_block
