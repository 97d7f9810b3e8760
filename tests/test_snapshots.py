"""A snapshot sees every change of schema and rows, and none where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, migrations, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tests.servers.base import open_connection
from tests.snapshots import take_snapshot

CREATE = migrations.CreateModel(
    "Order",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("number", models.CharField(max_length=20, unique=True)),
        ("total", models.IntegerField()),
    ],
    options={
        "constraints": [
            models.CheckConstraint(condition=models.Q(total__gte=0), name="not_negative")
        ],
    },
)


def carry_out(connection: BaseDatabaseWrapper, *operations: Operation) -> None:
    """Carry out operations on the tables that CREATE made."""
    state = ProjectState()
    if operations[0] is not CREATE:
        CREATE.state_forwards("shop", state)
    for operation in operations:
        before, state = state, state.clone()
        operation.state_forwards("shop", state)
        with connection.schema_editor() as editor:
            operation.database_forwards("shop", editor, before, state)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        (
            [migrations.AddField("Order", "note", models.TextField(null=True))],
            "shop_order column note: new",
        ),
        ([migrations.RemoveField("Order", "number")], "shop_order column number: gone"),
        (
            [
                migrations.AlterField(
                    "Order", "number", models.CharField(max_length=30, unique=True)
                )
            ],
            "30",
        ),
        (
            [migrations.AlterField("Order", "total", models.IntegerField(null=True))],
            "column total: null_ok False -> True",
        ),
        (
            [migrations.AlterField("Order", "total", models.BigIntegerField())],
            "column total: type_code",
        ),
        ([migrations.AlterField("Order", "number", models.CharField(max_length=20))], "gone"),
        (
            [migrations.AddIndex("Order", models.Index(fields=["total"], name="by_total"))],
            "constraint by_total: new",
        ),
        ([migrations.RemoveConstraint("Order", "not_negative")], "constraint not_negative: gone"),
        (
            [
                migrations.RemoveConstraint("Order", "not_negative"),
                migrations.AddConstraint(
                    "Order",
                    models.CheckConstraint(condition=models.Q(total__gte=5), name="not_negative"),
                ),
            ],
            "constraint not_negative: definition",
        ),
        (
            [migrations.CreateModel("Box", [("id", models.AutoField(primary_key=True))])],
            "shop_box: new",
        ),
        ([migrations.DeleteModel("Order")], "shop_order: gone"),
    ],
)
def test_a_change_of_schema_is_seen(
    connection: BaseDatabaseWrapper, operations: list[Operation], expected: str
) -> None:
    carry_out(connection, CREATE)
    before = take_snapshot(connection)
    assert take_snapshot(connection) == before

    carry_out(connection, *operations)

    after = take_snapshot(connection)
    assert after != before
    difference = before.difference(after)
    assert any(expected in line for line in difference), difference


def test_a_change_of_rows_is_seen(connection: BaseDatabaseWrapper) -> None:
    carry_out(connection, CREATE)
    before, schema = take_snapshot(connection), take_snapshot(connection, rows=False)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_order (number, total) VALUES ('A1', 3)")
    after = take_snapshot(connection)
    assert before.difference(after) == [
        "shop_order row new: {'id': 1, 'number': 'A1', 'total': 3}",
        "shop_order: 0 rows before, 1 after",
    ]
    assert after.difference(before) == [
        "shop_order row gone: {'id': 1, 'number': 'A1', 'total': 3}",
        "shop_order: 1 rows before, 0 after",
    ]
    assert take_snapshot(connection, rows=False) == schema


def test_tables_and_columns_can_be_left_out(connection: BaseDatabaseWrapper) -> None:
    carry_out(connection, CREATE)
    carry_out(
        connection, migrations.CreateModel("Box", [("id", models.AutoField(primary_key=True))])
    )
    assert list(take_snapshot(connection).tables) == ["shop_box", "shop_order"]
    assert list(take_snapshot(connection, exclude=["shop_b*"]).tables) == ["shop_order"]
    before = take_snapshot(connection, ignore_columns={"shop_order": ["id", "total"]})
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_order (number, total) VALUES ('A1', 3)")
    after = take_snapshot(connection, ignore_columns={"shop_order": ["id", "total"]})
    assert "shop_order row new: {'number': 'A1'}" in before.difference(after)


def test_two_databases_made_alike_are_equal(
    connection: BaseDatabaseWrapper, make_database: Callable[[], dict[str, Any]]
) -> None:
    carry_out(connection, CREATE)
    with open_connection(make_database()) as other:
        carry_out(other, CREATE)
        assert take_snapshot(connection).difference(take_snapshot(other)) == []
        assert take_snapshot(connection) == take_snapshot(other)


def test_the_default_connection_is_a_fresh_database(connection: BaseDatabaseWrapper) -> None:
    assert connections["default"] is connection
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (id integer)")
        transaction.set_rollback(True)
    rolled_back = connection.features.can_rollback_ddl
    assert connection.introspection.table_names() == ([] if rolled_back else ["kept"])
