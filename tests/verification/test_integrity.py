"""Foreign keys, indexes and constraints: what the run broke is an error, what was broken before a warning."""

from __future__ import annotations

import contextlib

import pytest
from django.db import DatabaseError, migrations, models

from tests.verification.scene import Scene, found, looked_at

PostgreSQL = pytest.mark.vendors("postgresql")


def orphan(scene: Scene) -> None:
    """Delete the customers that orders reference."""
    if scene.connection.vendor == "postgresql":
        scene.sql(
            "ALTER TABLE shop_customer DISABLE TRIGGER ALL",
            "DELETE FROM shop_customer",
            "ALTER TABLE shop_customer ENABLE TRIGGER ALL",
        )
    else:
        with scene.connection.constraint_checks_disabled():
            scene.sql("DELETE FROM shop_customer")


def touch_order() -> migrations.AddField:
    return migrations.AddField("order", "paid", models.BooleanField(null=True))


def test_sound_keys_are_counted(scene: Scene) -> None:
    result = scene.run(scene.migration("shop.0002", [touch_order()]))
    assert found(result) == []
    assert looked_at(result, "integrity") == (
        "1 foreign key of 1 affected table, all indexes and constraints."
    )


def test_a_key_that_the_run_broke_is_an_error(scene: Scene) -> None:
    result = scene.run(scene.migration("shop.0002", [touch_order()]), meanwhile=orphan)
    assert found(result, "integrity") == [
        (
            "broken_foreign_key",
            "error",
            "3 rows of table shop_order reference rows that do not exist (column customer_id).",
        )
    ]


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_key_that_was_broken_before_is_a_warning(scene: Scene) -> None:
    """SQLite is left out: there Django itself refuses to migrate then."""
    orphan(scene)
    result = scene.run(scene.migration("shop.0002", [touch_order()]))
    assert found(result) == [
        (
            "broken_foreign_key",
            "warning",
            "3 rows of table shop_order reference rows that do not exist (column customer_id), as before the run.",
        )
    ]


def test_tables_too_large_to_read_are_named(scene: Scene) -> None:
    scene.sql(
        "INSERT INTO shop_order (id, customer_id, total) VALUES "
        + ", ".join(f"({n}, 1, 0)" for n in range(10, 200))
    )
    if scene.connection.vendor != "sqlite":
        scene.sql("ANALYZE TABLE shop_order" if scene.connection.vendor == "mysql" else "ANALYZE")
    result = scene.run(
        scene.migration("shop.0002", [touch_order()]), exact_count_below=100, meanwhile=orphan
    )
    assert found(result, "integrity") == []
    assert looked_at(result, "integrity") == (
        "0 foreign keys of 0 affected tables, all indexes and constraints. "
        "Not read, since they have 100 rows or more: shop_order."
    )


def make_invalid_index(scene: Scene) -> None:
    with contextlib.suppress(DatabaseError):
        scene.sql('CREATE UNIQUE INDEX CONCURRENTLY "Broken" ON shop_order (customer_id)')


@PostgreSQL
def test_an_invalid_index_is_an_error_when_new_and_a_warning_when_old(scene: Scene) -> None:
    result = scene.run(scene.migration("shop.0002", [touch_order()]), meanwhile=make_invalid_index)
    assert found(result) == [
        (
            "new_invalid_index",
            "error",
            "Index Broken of table shop_order is invalid: it costs every write and serves no query.",
        )
    ]
    assert result.findings[0].hint == (
        'In python manage.py dbshell: DROP INDEX CONCURRENTLY "Broken"; then create it again'
    )
    result = scene.run(scene.migration("shop.0003", [migrations.RemoveField("order", "paid")]))
    assert found(result) == [
        (
            "invalid_index",
            "warning",
            "Index Broken of table shop_order is invalid: it costs every write and serves no query, as before the run.",
        )
    ]


@PostgreSQL
def test_an_unvalidated_constraint_is_an_error_when_new_and_a_warning_when_old(
    scene: Scene,
) -> None:
    def add_constraint(scene: Scene) -> None:
        scene.sql("ALTER TABLE shop_order ADD CONSTRAINT positive CHECK (total > 0) NOT VALID")

    result = scene.run(scene.migration("shop.0002", [touch_order()]), meanwhile=add_constraint)
    text = "Constraint positive of table shop_order was never checked against the rows that exist"
    assert found(result) == [("new_unvalidated_constraint", "error", f"{text}.")]
    assert result.findings[0].hint == (
        'In python manage.py dbshell: ALTER TABLE "shop_order" VALIDATE CONSTRAINT "positive"'
    )
    result = scene.run(scene.migration("shop.0003", [migrations.RemoveField("order", "paid")]))
    assert found(result) == [("unvalidated_constraint", "warning", f"{text}, as before the run.")]


@PostgreSQL
@pytest.mark.parametrize("as_sql", [False, True])
def test_a_constraint_that_the_plan_leaves_unvalidated_is_told(scene: Scene, as_sql: bool) -> None:
    from django.contrib.postgres.operations import AddConstraintNotValid

    if as_sql:
        operation: migrations.operations.base.Operation = migrations.RunSQL(
            "ALTER TABLE shop_order ADD CONSTRAINT positive CHECK (total > 0) NOT VALID"
        )
    else:
        operation = AddConstraintNotValid(
            "order", models.CheckConstraint(condition=models.Q(total__gt=0), name="positive")
        )
    result = scene.run(scene.migration("shop.0002", [operation]))
    assert found(result) == [
        (
            "unvalidated_constraint",
            "info",
            "Constraint positive of table shop_order was never checked against the rows that exist, as planned.",
        )
    ]
