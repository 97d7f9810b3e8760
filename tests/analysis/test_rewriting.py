from __future__ import annotations

import pytest
from django.db import connections, models
from django.db.migrations import operations
from django.db.models.functions import Now

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.predicting import Predictor
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_plan
from django_safe_migrate.databases import get_database
from django_safe_migrate.sql import collect
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor


def plan(*ops):
    return plan_of(migration(ops))


def rewritten_tables(plan, state, database):
    """The existing tables, under their present names, that a plan is known to write anew."""
    schema = Schema(connections["default"], live=database is not None)
    live = Live(database)
    so_far, predictor = SoFar(live), Predictor(schema, live)
    tables = {}
    for planned, parts in walk_plan(plan, state):
        context = Context(
            planned, schema=schema, live=live, so_far=so_far, sql=None, predictor=predictor
        )
        for part in parts:
            context.move_to(part)
            around = Surroundings(planned.app_label, part.earlier, part.later, schema)
            for change in derive(part.operation, around, backwards=planned.backwards):
                for facts in context.statement_facts(change):
                    written = () if facts.unknown else facts.rewrites
                    tables.update({so_far.live_name(table): None for table in written})
                context.note(change)
    return tuple(tables)


CHANGES = {
    "nullable": operations.AddField("Order", "x", models.IntegerField(null=True)),
    "constant": operations.AddField("Order", "x", models.IntegerField(null=True, db_default=3)),
    "value": operations.AddField(
        "Order", "x", models.IntegerField(null=True, db_default=models.Value(3))
    ),
    "expression": operations.AddField(
        "Order", "x", models.DateTimeField(null=True, db_default=Now())
    ),
    "default": operations.AddField("Order", "x", models.IntegerField(null=True, default=3)),
    "not null": operations.AddField("Order", "x", models.IntegerField(default=3)),
    "unique": operations.AddField("Order", "x", models.IntegerField(null=True, unique=True)),
    "indexed": operations.AddField("Order", "x", models.IntegerField(null=True, db_index=True)),
    "foreign key": operations.AddField(
        "Order", "x", models.ForeignKey("shop.Tag", models.CASCADE, null=True)
    ),
    "many to many": operations.AddField("Order", "x", models.ManyToManyField("shop.Customer")),
    "drop": operations.RemoveField("Order", "note"),
    "drop indexed": operations.RemoveField("Order", "indexed"),
    "drop foreign key": operations.RemoveField("Order", "customer"),
    "alter": operations.AlterField("Order", "note", models.TextField()),
    "alter nothing": operations.AlterField(
        "Order", "note", models.TextField(null=True, help_text="x")
    ),
    "rename": operations.RenameField("Order", "note", "remark"),
    "index": operations.AddIndex("Order", models.Index(fields=["number"], name="i")),
    "check": operations.AddConstraint(
        "Order", models.CheckConstraint(condition=models.Q(number__gt=0), name="c")
    ),
    "unique constraint": operations.AddConstraint(
        "Order", models.UniqueConstraint(fields=["number"], name="u")
    ),
    "partial unique": operations.AddConstraint(
        "Order",
        models.UniqueConstraint(fields=["number"], condition=models.Q(number__gt=0), name="p"),
    ),
    "unique together": operations.AlterUniqueTogether("Order", {("number", "code")}),
}


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("name", CHANGES)
def test_what_is_written_anew_on_sqlite_is_what_django_executes(name, connection):
    change = CHANGES[name]
    collected = collect(connection, migration([change]), state_after(initial()))
    # SQLite itself writes the table anew to drop a column.
    rebuilds = any(
        '"new__shop_order"' in statement or " DROP COLUMN " in statement
        for sql in collected
        for statement in sql.statements
    )
    expected = ("shop_order",) if rebuilds else ()
    assert rewritten_tables(plan(change), state_after(initial()), None) == expected


def test_postgresql_rewrites_for_types_and_computed_values():
    larger = operations.AlterField("Order", "number", models.BigIntegerField())
    longer = operations.AlterField("Order", "title", models.TextField())
    with vendor("postgresql"):
        assert rewritten_tables(plan(larger), state_after(initial()), None) == ("shop_order",)
        assert rewritten_tables(plan(longer), state_after(initial()), None) == ()


def test_a_renamed_table_is_named_as_it_is_now():
    renamed = operations.AlterModelTable("Order", "orders")
    larger = operations.AlterField("Order", "number", models.BigIntegerField())
    with vendor("postgresql"):
        assert rewritten_tables(plan(renamed, larger), state_after(initial()), None) == (
            "shop_order",
        )


def test_a_new_table_is_not_rewritten():
    new = operations.CreateModel("New", [("id", models.AutoField(primary_key=True))])
    larger = operations.AlterField("New", "id", models.BigAutoField(primary_key=True))
    with vendor("postgresql"):
        assert rewritten_tables(plan(new, larger), state_after(initial()), None) == ()


@pytest.mark.vendors("mariadb")
def test_mariadb_rewrites(connection):
    with connection.schema_editor() as editor:
        migration(initial()).apply(state_after([]), editor)
    for change, expected in {
        operations.AlterField("Order", "number", models.BigIntegerField()): ("shop_order",),
        operations.AlterField("Order", "note", models.TextField()): ("shop_order",),
        operations.AlterField("Order", "title", models.CharField(max_length=120)): (),
        operations.AddField("Order", "x", models.IntegerField(default=3)): (),
    }.items():
        found = rewritten_tables(plan(change), state_after(initial()), get_database(connection))
        assert found == expected, change
