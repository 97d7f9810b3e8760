from __future__ import annotations

from functools import partial

import pytest
from django.db import DatabaseError, models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState
from django.db.models.functions import Lower

from tests.analysis.lint import assert_clean, assert_finds, initial, migration

finds = partial(assert_finds, "drop_generated_source")
clean = partial(assert_clean, "drop_generated_source")

DROPS = "Dropping column number of shop_order fails or drops the generated column {} with it, which is computed from it."
RETYPES = "Changing the type of column number of shop_order fails, because the generated column twice is computed from it."


def generated(expression, name="twice"):
    field = models.GeneratedField(
        expression=expression, output_field=models.IntegerField(), db_persist=True
    )
    return operations.AddField("order", name, field)


def before(*added):
    return [*initial(), *(added or (generated(models.F("number") * 2),))]


REMOVE = operations.RemoveField("order", "number")
ALTER = operations.AlterField("order", "number", models.BigIntegerField())
CASE = models.Case(models.When(number__gt=3, then=models.Value(1)), default=models.Value(0))


def test_dropped_on_every_vendor():
    for vendor in ("postgresql", "mysql", "sqlite"):
        [found] = finds([REMOVE], DROPS.format("twice"), before=before(), on=vendor)
        assert "name='twice'" in found.hint


def test_whatever_the_expression():
    for expression in (
        Lower("number"),
        CASE,
        models.Q(number__gt=3),
        models.F("state") + models.F("number"),
    ):
        finds([REMOVE], DROPS.format("twice"), before=before(generated(expression)))


def test_several():
    added = generated(models.F("number") * 2), generated(models.F("number") * 3, "thrice")
    finds([REMOVE], DROPS.format("twice"), DROPS.format("thrice"), before=before(*added))


def test_type():
    finds([ALTER], RETYPES, before=before())
    for vendor in ("mysql", "sqlite"):
        clean([ALTER], before=before(), on=vendor)


def test_generated_column_removed_before():
    clean([operations.RemoveField("order", "twice"), REMOVE], before=before())


def test_other_column():
    clean([operations.RemoveField("order", "state")], before=before())
    clean([operations.RemoveField("customer", "name")], before=before())


def test_without_generated_columns():
    clean([REMOVE, ALTER][:1])


def test_renaming_and_nullability():
    clean([operations.RenameField("order", "number", "no")], before=before())
    clean(
        [operations.AlterField("order", "number", models.IntegerField(null=True))], before=before()
    )


@pytest.mark.parametrize(
    ("operation", "vendors"),
    [
        (REMOVE, {"postgresql", "mysql", "sqlite"}),
        (ALTER, {"postgresql"}),
        (operations.RenameField("order", "number", "no"), set()),
    ],
)
def test_so_it_is(connection, operation, vendors):
    """The server refuses, or the generated column is gone; what we are silent about works."""
    with connection.schema_editor() as editor:
        state = migration(before(), "0001_initial").apply(ProjectState(), editor)
    try:
        with connection.schema_editor() as editor:
            migration([operation]).apply(state, editor)
    except DatabaseError:
        harmed = True
    else:
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, "shop_order")
        harmed = "twice" not in {column.name for column in columns}
    assert harmed == (connection.vendor in vendors)
