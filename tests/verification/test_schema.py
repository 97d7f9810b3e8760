"""Tables and columns of the final state exist, and what was dropped is gone."""

from __future__ import annotations

import pytest
from django.db import migrations, models

from django_safe_migrate.verification.schema import check_schema
from tests.verification.scene import Scene, found, looked_at, pk


def create_city() -> migrations.CreateModel:
    return migrations.CreateModel(
        "City",
        [
            ("id", pk()),
            ("Mixed Case", models.IntegerField(db_column="Mixed Case", default=0)),
            ("tags", models.ManyToManyField("shop.Tag")),
        ],
    )


def test_a_good_run_has_nothing_to_say_and_says_what_it_looked_at(scene: Scene) -> None:
    result = scene.run(
        scene.migration("shop.0002", [create_city(), migrations.RemoveField("order", "note")])
    )
    assert found(result) == []
    assert looked_at(result, "schema") == (
        "6 tables with 14 columns of 1 app; 1 table or column that the plan drops."
    )


def test_a_missing_table_is_an_error(scene: Scene) -> None:
    result = scene.run(
        scene.migration("shop.0002", [create_city()]),
        meanwhile=lambda scene: scene.sql("DROP TABLE shop_city_tags"),
    )
    assert found(result, "schema") == [
        (
            "missing_table",
            "error",
            "Table shop_city_tags of model shop.City_tags does not exist, although its migrations are applied.",
        )
    ]
    finding = result.checks[1].findings[0]
    assert finding.hint == (
        "Go back to before the run, then migrate again: python manage.py migrate_rollback --dry-run"
    )
    assert finding.tables == ("shop_city_tags",)


def test_missing_columns_are_an_error(scene: Scene) -> None:
    quote = scene.connection.ops.quote_name
    result = scene.run(
        scene.migration("shop.0002", [create_city()]),
        meanwhile=lambda scene: scene.sql(
            f"ALTER TABLE shop_city DROP COLUMN {quote('Mixed Case')}",
            "ALTER TABLE shop_order DROP COLUMN note",
        ),
    )
    assert found(result, "schema") == [
        (
            "missing_column",
            "error",
            "Column Mixed Case of table shop_city (model shop.City) does not exist, although its migrations are applied.",
        ),
        (
            "missing_column",
            "error",
            "Column note of table shop_order (model shop.Order) does not exist, although its migrations are applied.",
        ),
    ]


def test_what_was_dropped_and_is_there_again_is_an_error(scene: Scene) -> None:
    def put_back(scene: Scene) -> None:
        scene.sql(
            "ALTER TABLE shop_order ADD COLUMN note integer",
            "CREATE TABLE shop_tag_orders (id integer)",
        )

    result = scene.run(
        scene.migration(
            "shop.0002",
            [migrations.RemoveField("order", "note"), migrations.RemoveField("tag", "orders")],
        ),
        meanwhile=put_back,
    )
    assert found(result, "schema") == [
        (
            "leftover_table",
            "error",
            "Table shop_tag_orders still exists, although shop.0002 (Remove field orders from tag) was to drop it.",
        ),
        (
            "leftover_column",
            "error",
            "Column note of table shop_order still exists, although shop.0002 (Remove field note from order) was to drop it.",
        ),
    ]


def test_backwards_the_new_table_has_to_be_gone(scene: Scene) -> None:
    base = scene.state.clone()
    migration = scene.migration("shop.0002", [create_city()])
    scene.migrate(migration)
    result = scene.run(
        migration,
        backwards=True,
        base=base,
        meanwhile=lambda scene: scene.sql("CREATE TABLE shop_city (id integer)"),
    )
    assert found(result) == [
        (
            "leftover_table",
            "error",
            "Table shop_city still exists, although undoing shop.0002 (Create model City) was to drop it.",
        )
    ]


def test_what_only_the_state_forgets_may_stay(scene: Scene) -> None:
    forget = migrations.SeparateDatabaseAndState(
        state_operations=[
            migrations.DeleteModel("Tag"),
            migrations.RemoveField("order", "note"),
        ]
    )
    assert found(scene.run(scene.migration("shop.0002", [forget]))) == []


def test_what_only_the_database_does_is_expected_too(scene: Scene) -> None:
    drop = migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RemoveField("order", "note")],
        state_operations=[migrations.RemoveField("order", "note")],
    )
    result = scene.run(
        scene.migration("shop.0002", [drop]),
        meanwhile=lambda scene: scene.sql("ALTER TABLE shop_order ADD COLUMN note integer"),
    )
    assert [rule for rule, *_ in found(result)] == ["leftover_column"]


def test_models_without_a_table_are_left_out(empty: Scene) -> None:
    operations = [
        migrations.CreateModel("Plain", [("id", pk())]),
        migrations.CreateModel("Proxy", [], options={"proxy": True}, bases=("shop.plain",)),
        migrations.CreateModel("Foreign", [("id", pk())], options={"managed": False}),
        migrations.CreateModel(
            "Elsewhere", [("id", pk())], options={"managed": False, "db_table": 'far"."away'}
        ),
        migrations.CreateModel(
            "Child",
            [
                (
                    "plain_ptr",
                    models.OneToOneField(
                        "shop.Plain", models.CASCADE, primary_key=True, parent_link=True
                    ),
                )
            ],
            bases=("shop.plain",),
        ),
    ]
    result = empty.run(empty.migration("shop.0001", operations))
    assert found(result) == []
    assert looked_at(result, "schema").startswith("2 tables with 2 columns of 1 app;")


def test_a_view_that_stands_in_for_a_table_exists(empty: Scene) -> None:
    view = migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL("CREATE VIEW shop_seen AS SELECT 1 AS id")],
        state_operations=[migrations.CreateModel("Seen", [("id", pk())])],
    )
    assert found(empty.run(empty.migration("shop.0001", [view]))) == []


@pytest.mark.vendors("postgresql")
def test_a_table_of_another_schema_is_named_as_not_looked_at(empty: Scene) -> None:
    empty.sql("CREATE SCHEMA far", "CREATE TABLE far.away (id integer)")
    created = migrations.SeparateDatabaseAndState(
        state_operations=[
            migrations.CreateModel("Away", [("id", pk())], options={"db_table": 'far"."away'})
        ]
    )
    result = empty.run(empty.migration("shop.0001", [created]))
    assert found(result) == []
    assert 'since another schema has them: far"."away.' in looked_at(result, "schema")


def test_a_renamed_table_is_expected_by_its_new_name(scene: Scene) -> None:
    operations = [
        migrations.RenameModel("Order", "Purchase"),
        migrations.RenameField("purchase", "total", "amount"),
        migrations.AlterModelTable("customer", "people"),
    ]
    result = scene.run(scene.migration("shop.0002", operations))
    assert found(result) == []
    assert scene.context is not None
    assert scene.context.baseline is not None
    effects = scene.context.baseline.effects
    assert effects.renamed_tables == {"shop_order": "shop_purchase", "shop_customer": "people"}
    assert effects.dropped_columns == {
        ("shop_purchase", "total"): "shop.0002 (Rename field total on purchase to amount)"
    }


def test_a_faked_plan_is_not_looked_at(scene: Scene) -> None:
    result = scene.run(scene.migration("shop.0002", [create_city()]), fake=True)
    assert found(result) == []
    assert looked_at(result, "schema") == "Nothing: the plan was only recorded."
    assert looked_at(result, "completeness") == (
        "The records of 1 planned migration among 2 records."
    )


def test_many_tables_are_looked_up_by_a_few_queries(empty: Scene) -> None:
    models_ = [
        migrations.CreateModel(f"Model{number}", [("id", pk()), ("text", models.TextField())])
        for number in range(60)
    ]
    empty.run(empty.migration("shop.0001", models_))
    assert empty.context is not None
    queries: list[str] = []

    def record(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        queries.append(sql)
        return execute(sql, params, many, context)

    with empty.connection.execute_wrapper(record):
        result = check_schema(empty.context)
    assert result.looked_at.startswith("60 tables with 120 columns")
    assert len(queries) <= 3
