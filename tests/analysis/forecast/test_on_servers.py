"""What is foretold on live databases, and that it is what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from django_safe_migrate.databases import get_database
from tests.analysis.forecast.forecasts import live_forecast
from tests.analysis.lint import initial, migration, state_after
from tests.databases.postgresql.measuring import _MODES, _WORDS

DROP = operations.RemoveField("Order", "note")
LARGER = operations.AlterField("Order", "number", models.BigIntegerField())
LOCKS = """
    SELECT c.relname::text, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND c.relkind = 'r'
"""
#: What is taken by reading and writing rows, which nobody waits for.
WEAK = {"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE"}


@pytest.fixture
def shop(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The shop with 30 orders, of which 10 have a note."""
    with connection.schema_editor() as editor:
        migration(initial(), "0001_initial").apply(ProjectState(), editor)
    apps = state_after(initial()).apps
    customer = apps.get_model("shop", "Customer").objects.create(name="Ada")
    apps.get_model("shop", "Order").objects.bulk_create(
        apps.get_model("shop", "Order")(
            number=n, title="t", code="c", total=1, customer=customer, note="n" if n < 10 else None
        )
        for n in range(30)
    )
    with connection.cursor() as cursor:
        analyse = {"mysql": "ANALYZE TABLE shop_order"}.get(connection.vendor, "ANALYZE")
        cursor.execute(analyse)
    return connection


def test_values_are_counted_once(shop: BaseDatabaseWrapper) -> None:
    with CaptureQueriesContext(shop) as captured:
        made = live_forecast([DROP], get_database(shop))
    assert [one.what for one in made.destroys] == [
        "Destroys column note of shop_order (10 rows with a value)"
    ]
    assert made.previous_release is not None
    assert made.previous_release.rules == ("drop_column",)
    counted = [one["sql"] for one in captured if "COUNT(*)" in one["sql"].upper()]
    assert len([sql for sql in counted if "note" in sql]) == 1


def test_how_long_it_takes(shop: BaseDatabaseWrapper) -> None:
    made = live_forecast([LARGER], get_database(shop))
    assert made.rewrites == ("shop_order",)
    assert made.estimate is not None
    assert made.estimate.rows == 30
    assert made.estimate.bytes > 0
    longest = made.longest_block
    assert longest is not None
    assert longest.estimate == made.estimate
    assert 0 < (longest.seconds or 0) < 60
    assert not made.blocks_unknown


def test_a_table_under_its_new_name_has_the_rows_of_the_old_one(shop: BaseDatabaseWrapper) -> None:
    rename = operations.RenameModel("Order", "Purchase")
    larger = operations.AlterField("Purchase", "number", models.BigIntegerField())
    made = live_forecast([rename, larger], get_database(shop))
    assert "shop_purchase" in made.rewrites
    assert made.estimate is not None
    assert made.estimate.rows >= 30


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    "ops",
    [
        [operations.AddField("Order", "x", models.IntegerField(null=True))],
        [operations.AddField("Order", "x", models.IntegerField(default=3))],
        [
            operations.AddField(
                "Order", "x", models.ForeignKey("shop.Tag", models.CASCADE, null=True)
            )
        ],
        [operations.AddIndex("Order", models.Index(fields=["number"], name="i"))],
        [
            operations.AddIndex("Order", models.Index(fields=["number"], name="i")),
            operations.AddField("Tag", "x", models.IntegerField(null=True)),
        ],
        [
            operations.AddConstraint(
                "Order", models.CheckConstraint(condition=models.Q(number__gte=0), name="c")
            )
        ],
        [LARGER],
        [DROP],
        [operations.RemoveField("Order", "customer")],
        [
            operations.CreateModel(
                "New",
                [
                    ("id", models.BigAutoField(primary_key=True)),
                    ("order", models.ForeignKey("shop.Order", models.CASCADE)),
                ],
            )
        ],
        [operations.RenameField("Order", "note", "remark")],
        [operations.RunSQL("UPDATE shop_order SET number = 1", "SELECT 1")],
    ],
    ids=lambda ops: " ".join(op.describe() for op in ops),
)
def test_the_locks_are_those_that_postgresql_takes(
    ops: list[Operation], shop: BaseDatabaseWrapper
) -> None:
    made = live_forecast(ops, get_database(shop))
    told = _strongest((lock.lock.table, lock.lock.mode) for lock in made.locks)
    existing = set(get_database(shop).tables())
    with _undone(shop, ops) as held:
        seen = {table: mode for table, mode in held.items() if table in existing}
    assert {table: mode for table, mode in told.items() if mode not in WEAK} == seen
    if made.going_back is None or made.going_back.irreversible or made.writes:
        return
    with shop.schema_editor() as editor:
        migration(ops).apply(state_after(initial()), editor)
    back = _strongest((lock.lock.table, lock.lock.mode) for lock in made.going_back.locks)
    with _undone(shop, ops, backwards=True) as held:
        seen = {table: mode for table, mode in held.items() if table in existing}
    assert {table: mode for table, mode in back.items() if mode not in WEAK} == seen


class _undone:
    """Carry operations out in a transaction, give the locks that block others, and roll back."""

    def __init__(
        self, shop: BaseDatabaseWrapper, ops: list[Operation], *, backwards: bool = False
    ) -> None:
        self._shop, self._made, self._backwards = shop, migration(ops), backwards
        self._atomic = transaction.atomic()

    def __enter__(self) -> dict[str, str]:
        self._atomic.__enter__()
        with self._shop.schema_editor() as editor:
            go = self._made.unapply if self._backwards else self._made.apply
            go(state_after(initial()), editor)
        with self._shop.cursor() as cursor:
            cursor.execute(LOCKS)
            found = _strongest((table, _WORDS[mode]) for table, mode in cursor.fetchall())
        return {table: mode for table, mode in found.items() if mode not in WEAK}

    def __exit__(self, *error: Any) -> None:
        transaction.set_rollback(True)
        self._atomic.__exit__(*error)


def _strongest(locks: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    rank: Callable[[str], int] = _MODES.index
    for table, mode in locks:
        found[table] = max(found.get(table, mode), mode, key=rank)
    return found
