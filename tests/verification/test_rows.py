"""Rows that went: as planned, by something else, or by other sessions."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models

from django_safe_migrate.databases import RowCount
from django_safe_migrate.verification import measure
from tests.verification.scene import Scene, found, looked_at, pk

RESTORE = "List the backups that have these rows: python manage.py migrate_backup list"


def nothing(*_: Any) -> None:
    """Code of a migration whose effect nobody can read from it."""


def lose(scene: Scene) -> None:
    scene.sql("DELETE FROM shop_tag_orders", "DELETE FROM shop_order WHERE id > 1")


def test_rows_that_stay_are_counted(scene: Scene) -> None:
    add = migrations.AddField("order", "paid", models.BooleanField(default=False))
    result = scene.run(scene.migration("shop.0002", [add]))
    assert found(result) == []
    assert looked_at(result, "rows") == (
        "The rows of 4 tables before the run (8) and of 4 tables after it (8)."
    )


def test_rows_lost_by_a_schema_change_are_an_error(scene: Scene) -> None:
    add = migrations.AddField("order", "paid", models.BooleanField(default=False))
    result = scene.run(scene.migration("shop.0002", [add]), meanwhile=lose)
    assert found(result) == [
        (
            "rows_lost",
            "error",
            "Table shop_order lost 2 of its 3 rows; shop.0002 (Add field paid to order) changed this table and does not delete rows.",
        ),
        (
            "rows_lost",
            "warning",
            "Table shop_tag_orders lost 2 of its 2 rows during the run; "
            "nothing in the plan touches this table, so other sessions may have deleted them.",
        ),
    ]
    assert {finding.hint for finding in result.findings} == {RESTORE}


def test_rows_of_a_dropped_table_are_told(scene: Scene) -> None:
    operations = [migrations.RemoveField("tag", "orders"), migrations.DeleteModel("Order")]
    result = scene.run(scene.migration("shop.0002", operations))
    assert found(result) == [
        (
            "rows_deleted_as_planned",
            "info",
            "Table shop_order is gone with 3 rows, as shop.0002 (Delete model Order) planned.",
        ),
        (
            "rows_deleted_as_planned",
            "info",
            "Table shop_tag_orders is gone with 2 rows, as shop.0002 (Remove field orders from tag) planned.",
        ),
    ]


def test_rows_of_a_table_that_going_back_drops_are_told(scene: Scene) -> None:
    base = scene.state.clone()
    city = scene.migration("shop.0002", [migrations.CreateModel("City", [("id", pk())])])
    scene.migrate(city)
    scene.sql("INSERT INTO shop_city (id) VALUES (1)")
    assert found(scene.run(city, backwards=True, base=base)) == [
        (
            "rows_deleted_as_planned",
            "info",
            "Table shop_city is gone with 1 row, as undoing shop.0002 (Create model City) planned.",
        )
    ]


def test_a_table_that_nothing_drops_is_an_error(scene: Scene) -> None:
    add = migrations.AddField("order", "paid", models.BooleanField(default=False))
    result = scene.run(
        scene.migration("shop.0002", [add]),
        meanwhile=lambda scene: scene.sql("DROP TABLE shop_tag_orders"),
    )
    assert found(result, "rows") == [
        (
            "rows_lost",
            "error",
            "Table shop_tag_orders is gone with 2 rows, and nothing in the plan drops it.",
        )
    ]


def test_python_of_the_same_app_explains_lost_rows(scene: Scene) -> None:
    code = migrations.RunPython(nothing)
    result = scene.run(scene.migration("shop.0002", [code]), meanwhile=lose)
    assert found(result)[0] == (
        "rows_deleted_as_planned",
        "info",
        "Table shop_order lost 2 of its 3 rows; shop.0002 (Raw Python operation) may have deleted them.",
    )
    assert {severity for _, severity, _ in found(result)} == {"info"}


def test_python_of_an_app_that_depends_on_it_explains_lost_rows_and_of_another_does_not(
    scene: Scene,
) -> None:
    code = migrations.RunPython(nothing)
    related = scene.migration("mail.0001", [code], depends_on=["shop"])
    assert {severity for _, severity, _ in found(scene.run(related, meanwhile=lose))} == {"info"}
    scene.sql(
        "INSERT INTO shop_order (id, customer_id, total) VALUES (2, 1, 6), (3, 2, 7)",
    )
    stranger = scene.migration("news.0001", [code])
    assert {s for _, s, _ in found(scene.run(stranger, meanwhile=lose))} == {"warning"}


def test_sql_that_names_the_table_explains_lost_rows(scene: Scene) -> None:
    sql = migrations.RunSQL(
        ["DELETE FROM shop_tag_orders", ("DELETE FROM shop_order WHERE id > %s", [2])]
    )
    result = scene.run(scene.migration("mail.0001", [sql]))
    assert [rule for rule, *_ in found(result)] == ["rows_deleted_as_planned"] * 2


def test_sql_that_names_a_longer_table_explains_nothing(scene: Scene) -> None:
    sql = migrations.RunSQL("DELETE FROM shop_tag_orders WHERE tag_id = 99")
    result = scene.run(
        scene.migration("mail.0001", [sql]),
        meanwhile=lambda scene: scene.sql("DELETE FROM shop_tag_orders", "DELETE FROM shop_tag"),
    )
    assert [(rule, message.split()[1]) for rule, _, message in found(result)] == [
        ("rows_lost", "shop_tag"),
        ("rows_deleted_as_planned", "shop_tag_orders"),
    ]


def test_rows_are_followed_through_a_rename(scene: Scene) -> None:
    rename = migrations.RenameModel("Order", "Purchase")
    result = scene.run(
        scene.migration("shop.0002", [rename]),
        meanwhile=lambda scene: scene.sql(
            "DELETE FROM shop_tag_orders", "DELETE FROM shop_purchase"
        ),
    )
    assert (
        "rows_lost",
        "error",
        "Table shop_purchase lost 3 of its 3 rows; shop.0002 (Rename model Order to Purchase) "
        "changed this table and does not delete rows.",
    ) in found(result)


def test_records_that_going_back_removes_are_no_loss(scene: Scene) -> None:
    base = scene.state.clone()
    empty = scene.migration("shop.0002", [])
    scene.migrate(empty)
    assert found(scene.run(empty, backwards=True, base=base)) == []


def test_the_counts_of_a_backup_are_used(scene: Scene) -> None:
    plan = scene.plan(scene.migration("shop.0002", []))
    counts = {"shop_order": RowCount(10, exact=True)}
    baseline = measure(
        scene.database, scene.settings, plan=plan, row_counts=counts, state=scene.state
    )
    result = scene.verify(plan, baseline)
    assert found(result, "rows")[0][2].startswith("Table shop_order lost 7 of its 10 rows")


@pytest.mark.vendors("postgresql")
def test_large_tables_are_estimated_and_a_better_estimate_is_no_loss(scene: Scene) -> None:
    scene.sql(
        "INSERT INTO shop_customer (id, name) SELECT n, 'x' FROM generate_series(10, 2000) n",
        "ANALYZE",
    )

    def lose_some(scene: Scene) -> None:
        scene.sql("DELETE FROM shop_customer WHERE id > 1500", "ANALYZE")

    add = migrations.AddField("customer", "paid", models.BooleanField(default=False))
    result = scene.run(
        scene.migration("shop.0002", [add]), meanwhile=lose_some, exact_count_below=100
    )
    assert found(result) == []
    assert looked_at(result, "rows").endswith("; 1 large table by the server's estimate.")

    def lose_most(scene: Scene) -> None:
        scene.sql("DELETE FROM shop_customer WHERE id > 200", "ANALYZE")

    drop = migrations.RemoveField("customer", "paid")
    result = scene.run(scene.migration("shop.0003", [drop]), meanwhile=lose_most)
    assert [(rule, severity) for rule, severity, _ in found(result)] == [("rows_lost", "error")]
    assert "lost about 1,300 of its 1,493 rows" in found(result)[0][2]
