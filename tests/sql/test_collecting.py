from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from django_safe_migrate.databases import get_database
from django_safe_migrate.sql import DEFERRED, Confidence, SqlCollector, collect
from tests.analysis.lint import initial, migration, state_after

ADD = operations.AddField("Order", "x", models.IntegerField(null=True))
UNIQUE = operations.AlterField("Order", "number", models.IntegerField(unique=True))
NOT_UNIQUE = operations.AlterField("Order", "number", models.IntegerField())


def write(apps, schema_editor):
    apps.get_model("shop", "Customer").objects.create(name="written")


class WritesBySelf(Operation):
    """An operation of a third party that does not leave its SQL to the schema editor."""

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("INSERT INTO shop_customer (name) VALUES ('written')")

    database_backwards = database_forwards


@pytest.fixture
def shop(connection):
    """The tables of the shop, and the state that goes with them."""
    with connection.schema_editor() as editor:
        migration(initial()).apply(ProjectState(), editor)
    return state_after(initial())


def by_index(collected):
    return {sql.index: sql for sql in collected}


def content(connection):
    database = get_database(connection)
    tables = database.tables()
    rows = {table: database.count_rows(table) for table in tables}
    return rows, {table: database.columns(table) for table in tables}


def test_one_entry_per_operation_and_one_for_what_is_deferred(connection, shop):
    new = operations.AddField(
        "Order", "tag", models.ForeignKey("shop.Tag", models.CASCADE, null=True)
    )
    collected = collect(connection, migration([ADD, new]), shop)
    assert [sql.index for sql in collected] == [0, 1, DEFERRED]
    assert all(sql.confidence is Confidence.EXACT for sql in collected)
    assert [len(sql.statements) for sql in collected][0] == 1
    assert "ADD COLUMN" in collected[0].statements[0]
    assert (
        any("CREATE INDEX" in statement for statement in collected[2].statements)
        or connection.vendor == "mysql"
    )


def test_exact_sql_is_what_django_executes(connection, shop):
    planned = migration(
        [ADD, operations.AddIndex("Order", models.Index(fields=["x"], name="x_idx")), UNIQUE]
    )
    collected = [text for sql in collect(connection, planned, shop) for text in sql.statements]
    executed = []

    def note(execute, sql, params, many, context):
        if sql.startswith(("CREATE", "ALTER", "DROP", "INSERT")):
            executed.append(sql)
        return execute(sql, params, many, context)

    with connection.schema_editor() as editor, connection.execute_wrapper(note):
        planned.apply(shop, editor)
    assert [text.rstrip(";") for text in collected] == [text.rstrip(";") for text in executed]


def test_backwards_in_the_order_of_execution(connection, shop):
    collected = collect(connection, migration([ADD, UNIQUE]), shop, backwards=True)
    assert [sql.index for sql in collected] == [1, 0, DEFERRED]
    assert "x" in by_index(collected)[0].statements[-1]


def test_nothing_is_written(connection, shop):
    before = content(connection)
    planned = migration(
        [
            ADD,
            UNIQUE,
            operations.RunSQL(
                "INSERT INTO shop_customer (name) VALUES ('written')", "DELETE FROM shop_tag"
            ),
            operations.RunPython(write, write),
            operations.SeparateDatabaseAndState([operations.RunPython(write, write)], []),
            WritesBySelf(),
            operations.DeleteModel("Pinned"),
        ]
    )
    for backwards in (False, True):
        collected = by_index(collect(connection, planned, shop, backwards=backwards))
        assert {index: sql.confidence.value for index, sql in collected.items()} == {
            0: "exact",
            1: collected[1].confidence.value,
            2: "exact",
            3: "unavailable",
            4: "unavailable",
            5: "unavailable",
            6: "exact",
            DEFERRED: "approximate",
        }
        assert content(connection) == before
    assert not connection.in_atomic_block


def test_python_is_unavailable_also_when_it_is_nested(connection, shop):
    python = operations.RunPython(write, write)
    nested = operations.SeparateDatabaseAndState([ADD, python], [])
    collected = by_index(collect(connection, migration([python, nested]), shop))
    reason = "RunPython runs Python; what it executes is known only when it runs."
    assert [collected[index].reason for index in (0, 1)] == [reason, reason]
    assert collected[1].statements == ()


def test_operation_that_executes_by_itself(connection, shop):
    [sql, _] = collect(connection, migration([WritesBySelf()]), shop)
    assert sql.reason == (
        "Django cannot write it against the present schema: It executes a statement of its own, INSERT."
    )


def test_what_cannot_be_reversed(connection, shop):
    planned = migration([operations.RunSQL("SELECT 1")])
    assert collect(connection, planned, shop)[0].statements == ("SELECT 1;",)
    [sql, _] = collect(connection, planned, shop, backwards=True)
    assert (sql.confidence, sql.reason) == (Confidence.UNAVAILABLE, "It cannot be reversed.")


@pytest.mark.vendors("postgresql", "mariadb")
def test_names_that_an_earlier_pending_operation_makes(connection, shop):
    """Django looks the name of the constraint up; there is none yet, and the statement is missing."""
    [first, second, _] = collect(connection, migration([UNIQUE, NOT_UNIQUE]), shop)
    assert first.confidence is Confidence.EXACT
    assert second.confidence is Confidence.APPROXIMATE
    assert (
        second.reason
        == "It reads the live schema of shop_order, which an earlier pending operation changes."
    )
    assert not any(
        "DROP CONSTRAINT" in statement or "ALTER" in statement for statement in second.statements
    )


@pytest.mark.vendors("postgresql", "mariadb")
def test_tables_that_earlier_migrations_change(connection, shop):
    with connection.schema_editor() as editor:
        migration([UNIQUE]).apply(shop.clone(), editor)
    state = state_after([*initial(), UNIQUE])
    live = collect(connection, migration([NOT_UNIQUE]), state)
    assert [sql.confidence.value for sql in live] == ["exact", "exact"]
    assert "DROP" in live[0].statements[0]
    stale = collect(connection, migration([NOT_UNIQUE]), state, changed_tables={"shop_order"})
    assert [sql.confidence.value for sql in stale] == ["approximate", "approximate"]
    other = collect(connection, migration([NOT_UNIQUE]), state, changed_tables={"legacy_pinned"})
    assert [sql.confidence.value for sql in other] == ["exact", "exact"]


@pytest.mark.vendors("postgresql", "mariadb")
def test_tables_that_hand_written_sql_mentions(connection, shop):
    sql = operations.RunSQL("ALTER TABLE shop_order ADD CONSTRAINT n UNIQUE (number)", "")
    state = state_after([*initial(), UNIQUE])
    planned = migration([sql, NOT_UNIQUE])
    assert by_index(collect(connection, planned, state))[1].confidence is Confidence.APPROXIMATE


def test_what_the_schema_does_not_have_yet(connection, shop):
    """RenameIndex by fields has to find the index of an index_together that was never made."""
    together = operations.AlterIndexTogether("Order", {("number", "code")})
    rename = operations.RenameIndex("Order", "new_idx", old_fields=("number", "code"))
    planned = migration([together, rename])
    sql = by_index(collect(connection, planned, shop))[1]
    assert sql.confidence is Confidence.UNAVAILABLE
    assert sql.reason == (
        "Django cannot write it against the present schema: "
        "Found wrong number (0) of indexes for shop_order(number, order_code)."
    )


def test_failure_of_one_operation_leaves_the_next_alone(connection, shop):
    rename = operations.RenameIndex("Order", "new_idx", old_fields=("number", "code"))
    state = state_after([*initial(), operations.AlterIndexTogether("Order", {("number", "code")})])
    collected = by_index(collect(connection, migration([rename, ADD]), state))
    assert collected[0].confidence is Confidence.UNAVAILABLE
    assert collected[1].confidence is Confidence.EXACT
    assert len(collected[1].statements) == 1


@pytest.mark.vendors("postgresql")
def test_concurrent_index_needs_a_migration_that_is_not_atomic(connection, shop):
    index = AddIndexConcurrently("Order", models.Index(fields=["number"], name="n"))
    [sql, _] = collect(connection, migration([index]), shop)
    assert sql.confidence is Confidence.UNAVAILABLE
    assert "cannot be executed inside a transaction" in sql.reason
    [sql, _] = collect(connection, migration([index], atomic=False), shop)
    assert sql.statements == ('CREATE INDEX CONCURRENTLY "n" ON "shop_order" ("number");',)


def test_whole_plan_forwards(connection, shop):
    plan = [
        (migration([ADD]), False),
        (migration([operations.RemoveField("Order", "x")], "0003"), False),
    ]
    [first, second] = SqlCollector(connection, shop).collect_plan(plan)
    assert "ADD COLUMN" in first[0].statements[0]
    assert "DROP COLUMN" in second[0].statements[0]


def test_whole_plan_backwards(connection, shop):
    rename = operations.RenameField("Order", "x", "y")
    plan = [(migration([rename], "0003"), True), (migration([ADD]), True)]
    [first, second] = SqlCollector(connection, shop).collect_plan(plan)
    assert "RENAME COLUMN" in first[0].statements[0] or "CHANGE" in first[0].statements[0]
    assert "DROP COLUMN" in second[0].statements[0]


def test_the_state_given_is_not_changed(connection, shop):
    before = shop.clone()
    collect(
        connection,
        migration(
            [ADD, operations.DeleteModel("Tag"), operations.RenameModel("Customer", "Client")]
        ),
        shop,
    )
    assert shop == before
    assert "apps" not in shop.__dict__


def test_the_migrations_can_be_carried_out_afterwards(connection, shop):
    """Django's RenameField writes into fields that operations hold; collecting must work on copies."""
    key = models.ForeignKey(
        "shop.Customer", models.CASCADE, to_field="name", null=True, related_name="+"
    )
    planned = migration(
        [
            operations.AlterField("Customer", "name", models.CharField(max_length=50, unique=True)),
            operations.AddField("Order", "by_name", key),
            operations.RenameField("Customer", "name", "title"),
        ]
    )
    collect(connection, planned, shop)
    assert planned.operations[1].field.remote_field.field_name == "name"
    with connection.schema_editor() as editor:
        planned.apply(shop, editor)
    assert "title" in get_database(connection).columns("shop_customer")
