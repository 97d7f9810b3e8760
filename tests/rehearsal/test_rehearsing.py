"""The plan on a copy: what is measured there, what going back leaves, what fails, and that the real database is never touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.projects import Project
from tests.rehearsal.conftest import ROWS, after, rehearsed, scratch_left

pytestmark = pytest.mark.slow

WIDE = """
migrations.AlterField('item', 'price', models.BigIntegerField(default=0)),
migrations.AddIndex('item', models.Index(fields=['sku'], name='item_sku')),
"""
LOSSY = """
migrations.RunPython(add, migrations.RunPython.noop),
migrations.RemoveField('item', 'price'),
"""
ADD = """
def add(apps, schema_editor):
    print("what a migration prints is no line of ours")
    Item = apps.get_model("shop", "Item")
    Item.objects.create(sku="added", price=1)
"""
WITHOUT_HISTORY = {"exclude": ["django_safe_migrate_*"]}


def measured_of(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """What each operation of the plan was seen to do."""
    (step,) = receipt["passes"][0]["steps"]
    return [operation["measured"] for operation in step["operations"]]


def check_measured(vendor: str, altered: dict[str, Any], indexed: dict[str, Any]) -> None:
    """The facts of a type change and of an index, as each vendor can tell them."""
    assert altered["rewrites"] == ["shop_item"]
    assert indexed["rewrites"] == []
    if vendor == "postgresql":
        lock = {"table": "shop_item", "mode": "ACCESS EXCLUSIVE", "blocks": "reads and writes"}
        assert altered["locks"] == [{**lock, "taken": True}]
        assert altered["scans"]["shop_item"] >= ROWS
        assert indexed["locks"] == [{**lock, "taken": False}]
        assert indexed["scans"] == {"shop_item": ROWS}
        assert indexed["indexes_built"] == ["shop_item.item_sku"]
        assert altered["wal_bytes"] > 0
    elif vendor == "mariadb":
        assert altered["algorithms"] == ["shop_item: COPY"]
        assert altered["rows_read"] >= ROWS
        assert indexed["rows_read"] == 0
    else:
        assert altered["locks"] == [
            {"table": "", "mode": "RESERVED", "blocks": "writes", "taken": True}
        ]
        assert indexed["indexes_built"] == ["shop_item.item_sku"]


def test_the_plan_goes_there_and_back_on_a_copy(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_wide": after("0001_initial", WIDE)})
    before = shop.snapshot(**WITHOUT_HISTORY)

    receipt = rehearsed(shop)
    assert [(one["name"], one["status"]) for one in receipt["passes"]] == [
        ("plan", "passed"),
        ("back", "passed"),
        ("again", "passed"),
    ]
    check_measured(shop.server.name, *measured_of(receipt))
    assert any(
        "item_sku" in one["sql"]
        for one in receipt["passes"][0]["steps"][0]["operations"][1]["statements"]
    )
    assert receipt["comparison"]["schema"] == receipt["comparison"]["tables"] == []
    assert receipt["comparison"]["compared"] > 10

    # Going back from here drops a column with its values, and leaves a row that was added.
    shop.write_app("shop", migrations={"0003_lossy": after("0002_wide", LOSSY, before=ADD)})
    receipt = rehearsed(shop, "--backup", "latest")
    assert receipt["failure"] is None
    (change,) = receipt["comparison"]["tables"]
    assert change == {"table": "shop_item", "rows_before": ROWS, "rows_after": ROWS + 1}

    # Nor can this be gone back from at all; what was before it can.
    once = "migrations.RunPython(add),"
    shop.write_app(
        "shop",
        migrations={"0004_once": after("0003_lossy", once, before=ADD.replace(", price=1", ""))},
    )
    receipt = rehearsed(shop, "--backup", "latest")
    assert receipt["ended_by"] == "shop.0004_once cannot be undone: Raw Python operation"
    assert [len(one["steps"]) for one in receipt["passes"]] == [3, 0, 0]
    assert receipt["comparison"] is None
    (forwards,) = rehearsed(shop, "--backup", "latest", "--extent", "forwards")["passes"]
    assert [step["status"] for step in forwards["steps"]] == ["applied"] * 3

    assert before.difference(shop.snapshot(**WITHOUT_HISTORY)) == []
    assert scratch_left(shop) == []


def test_what_real_rows_make_fail_fails_on_the_copy(shop: Project) -> None:
    shop.sql("INSERT INTO shop_item (sku, price) VALUES ('sku-1', 7), ('sku-1', 8), (NULL, 9)")
    before = shop.snapshot(**WITHOUT_HISTORY)
    unique = "migrations.AlterField('item', 'sku', models.CharField(max_length=20, null=True, unique=True)),"
    shop.write_app("shop", migrations={"0002_unique": after("0001_initial", unique)})
    result = shop.manage("migrate_rehearse", check=False)
    assert result.returncode == 5
    quote = "`" if shop.server.name == "mariadb" else '"'
    assert "shop.0002_unique failed on the copy (as planned)" in result.stderr
    assert (
        "1 value of shop_item.sku is there more than once, in 3 rows. Find them: SELECT"
        in result.stderr
    )
    assert f"HAVING COUNT({quote}shop_item{quote}.{quote}id{quote}) > 1" in result.stderr
    assert "The database was not changed." in result.stderr
    assert "sku-1" not in result.stderr

    fields = {
        "'stock', models.IntegerField()": "3 rows of shop_item.stock are NULL. Find them: SELECT",
        "'sku', models.CharField(max_length=6, null=True)": "1,100 rows of shop_item.sku are longer than 6 characters. Find them:",
    }
    for field, said in fields.items():
        if "max_length" in field and shop.server.name == "sqlite":
            continue  # It stores texts of any length.
        operation = f"migrations.AlterField('item', {field}),"
        shop.write_app("shop", migrations={"0002_unique": after("0001_initial", operation)})
        receipt = rehearsed(shop, "--backup", "latest", status=5)
        assert receipt["failure"]["offenders"][0].startswith(said)

    code = 'def fail(apps, schema_editor):\n    apps.get_model("shop", "Item").objects.get(sku="sku-1")\n'
    shop.write_app(
        "shop",
        migrations={
            "0002_unique": after("0001_initial", "migrations.RunPython(fail),", before=code)
        },
    )
    receipt = rehearsed(shop, "--backup", "latest", status=5)
    assert "MultipleObjectsReturned" in receipt["failure"]["message"]
    assert "(0002_unique.py, line " in receipt["failure"]["message"]
    assert before.difference(shop.snapshot(**WITHOUT_HISTORY)) == []
    assert scratch_left(shop) == []


@pytest.mark.vendors("postgresql")
def test_what_runs_outside_of_a_transaction_is_measured_too(shop: Project) -> None:
    operations = """
    AddIndexConcurrently('item', models.Index(fields=['sku'], name='item_sku')),
    migrations.RunSQL("UPDATE shop_item SET sku = 'secret' WHERE price = 7", migrations.RunSQL.noop),
    """
    imports = "from django.contrib.postgres.operations import AddIndexConcurrently"
    shop.write_app(
        "shop",
        migrations={"0002_index": after("0001_initial", operations, imports=imports, atomic=False)},
    )
    receipt = rehearsed(shop, "--extent", "full")
    built, updated = measured_of(receipt)
    # It reads the table twice: https://www.postgresql.org/docs/current/sql-createindex.html
    assert built["scans"] == {"shop_item": 2 * ROWS}
    assert built["indexes_built"] == ["shop_item.item_sku"]
    assert built["locks"] == []
    assert built["unseen"] == [
        "Locks are not seen outside of a transaction: they end with each statement."
    ]
    assert updated["scans"] == {"shop_item": ROWS}
    assert "secret" not in str(receipt)
    # The same number of rows, and one of them has another value after going back.
    (change,) = receipt["comparison"]["tables"]
    assert change == {"table": "shop_item", "rows_before": ROWS, "rows_after": ROWS}

    key = "migrations.AlterField('item', 'price', models.ForeignKey('shop.Owner', models.CASCADE, db_column='price')),"
    owner = "migrations.CreateModel('Owner', [('id', models.BigAutoField(primary_key=True))]),"
    shop.write_app(
        "shop",
        migrations={
            "0002_index": after("0001_initial", owner),
            "0003_key": after("0002_index", key),
        },
    )
    receipt = rehearsed(shop, "--backup", "latest", status=5)
    (told,) = receipt["failure"]["offenders"]
    assert told.startswith(
        "1,200 rows of shop_item.price are without a row in shop_owner. Find them: SELECT"
    )
