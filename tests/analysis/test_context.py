from __future__ import annotations

import pytest
from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_migration
from django_safe_migrate.databases import get_database
from django_safe_migrate.sql import Confidence, OperationSQL
from tests.analysis.lint import initial, migration, plan_of, state_after

ADD = operations.AddField("Order", "x", models.TextField(null=True))


def context(*, backwards=False, database=None, sql=None, **attributes):
    [planned] = plan_of(migration([ADD], **attributes), backwards=backwards).steps
    live = Live(database)
    made = Context(
        planned,
        schema=Schema(connections["default"], live=database is not None),
        live=live,
        so_far=SoFar(live),
        sql=sql,
    )
    [part] = walk_migration(planned, state_after(initial()))
    made.move_to(part)
    return made


def has_x(state):
    return "x" in state.models["shop", "order"].fields


def test_states_in_the_direction_of_the_plan():
    forwards, backwards = context(), context(backwards=True)
    assert (has_x(forwards.before), has_x(forwards.after)) == (False, True)
    assert (has_x(backwards.before), has_x(backwards.after)) == (True, False)


def test_place():
    made = context()
    assert made.place() == {
        "file": made.planned.file,
        "line": made.place()["line"],
        "operation": "Add field x to Order",
    }
    made.move_to(None)
    assert set(made.place()) == {"file"}
    with pytest.raises(LookupError):
        _ = made.operation


def test_sql_of_the_present_operation():
    sql = OperationSQL(0, ("ALTER TABLE",), Confidence.EXACT)
    assert context(sql=(sql,)).operation_sql is sql
    assert context().operation_sql is None


def test_tables(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE full_one (id integer)")
        cursor.execute("CREATE TABLE empty_one (id integer)")
        cursor.execute("INSERT INTO full_one VALUES (1)")
    made = context(database=get_database(connection))
    assert [made.is_empty(table) for table in ("full_one", "empty_one", "nothing")] == [
        False,
        True,
        True,
    ]
    assert [made.is_new(table) for table in ("full_one", "empty_one", "nothing")] == [
        False,
        False,
        True,
    ]
    assert made.estimated_rows("nothing") == 0
    assert made.vendor == connection.vendor
    assert made.product == get_database(connection).product.lower()
    assert made.runs_in_transaction == connection.features.can_rollback_ddl
    assert made.quoted("a b") in {'"a b"', "`a b`"}


def test_migration_that_is_not_atomic():
    assert not context(atomic=False).runs_in_transaction
