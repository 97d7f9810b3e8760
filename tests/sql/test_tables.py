from __future__ import annotations

from django.db import models
from django.db.migrations import operations

from django_safe_migrate.sql.tables import model_names, named_tables, own_tables, table_name
from tests.analysis.lint import initial, state_after, vendor


def test_names_are_those_of_the_rendered_models():
    state = state_after(initial())
    rendered = state_after(initial())
    for (app_label, name), model in state.models.items():
        options = rendered.apps.get_model(app_label, name)._meta
        assert table_name(model) == options.db_table
        related = [
            field.remote_field.through._meta.db_table for field in options.local_many_to_many
        ]
        assert own_tables(model) == (options.db_table, *related)


def test_long_names_are_cut_as_django_cuts_them():
    name = "A" + "very" * 20 + "LongModel"
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("friends", models.ManyToManyField(f"shop.{name}")),
    ]
    with vendor("postgresql"):
        made = [operations.CreateModel(name, fields)]
        model = state_after(made).models["shop", name.lower()]
        options = state_after(made).apps.get_model("shop", name)._meta
        through = options.local_many_to_many[0].remote_field.through
        assert own_tables(model) == (options.db_table, through._meta.db_table)
        assert len(table_name(model)) == 63


def test_explicit_through_model_is_not_a_table_of_the_field():
    through = models.ManyToManyField("shop.Tag", through="shop.Labelled")
    made = operations.CreateModel(
        "A", [("id", models.BigAutoField(primary_key=True)), ("tags", through)]
    )
    assert own_tables(state_after([made]).models["shop", "a"]) == ("shop_a",)


def test_models_that_an_operation_names():
    assert model_names(operations.RemoveField("Order", "note")) == {"order"}
    assert model_names(operations.RenameModel("Order", "Purchase")) == {"order", "purchase"}
    assert model_names(operations.RunSQL("SELECT 1")) == set()


def test_tables_that_an_operation_and_its_parts_name():
    state = state_after(initial())
    nested = operations.SeparateDatabaseAndState(
        [operations.RemoveField("Order", "note"), operations.DeleteModel("Pinned")],
        [operations.DeleteModel("Tag")],
    )
    assert named_tables(nested, "shop", state) == {"shop_order", "shop_order_tags", "legacy_pinned"}
    assert named_tables(operations.DeleteModel("Nothing"), "shop", state) == set()
