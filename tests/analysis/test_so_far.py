from __future__ import annotations

import pytest
from django.db import connections, models

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.statements import (
    AddConstraint,
    AlterTable,
    ConstraintKind,
    CreateTable,
    DropIndex,
    DropTable,
    RenameTable,
    ValidateConstraint,
)
from tests.analysis.lint import initial, state_after

CHECK = models.CheckConstraint(condition=models.Q(id__gt=0), name="positive")


def after(*made, database=None):
    so_far = SoFar(Live(database))
    for change in made:
        so_far.note(change)
    return so_far


def test_new_tables_under_each_name():
    so_far = after(changes.TableCreated("a"), changes.TableRenamed("a", "b"))
    assert so_far.is_new("b")
    assert not so_far.is_new("a")
    assert not so_far.is_new("c")


def test_dropped_and_made_again():
    assert not after(changes.TableCreated("a"), changes.TableDropped("a")).is_new("a")
    assert after(changes.TableDropped("a"), changes.TableCreated("a")).is_new("a")


def _added_column(field):
    state = state_after(initial())
    order = state.models["shop", "order"]
    schema = Schema(connections["default"], live=False)
    column = schema.column(state, order, "x", field)
    return changes.ColumnAdded("shop_order", column)


def test_table_that_cannot_have_had_a_row():
    needed = _added_column(models.IntegerField())
    assert after(needed).is_empty("shop_order")
    renamed = after(needed, changes.TableRenamed("shop_order", "shop_purchase"))
    assert renamed.is_empty("shop_purchase")
    assert not renamed.is_empty("shop_order")
    assert not after(needed, changes.TableDropped("shop_order")).is_empty("shop_order")
    assert not after(needed, changes.CodeRun("", None, None)).is_empty("shop_order")
    for field in (models.IntegerField(null=True), models.IntegerField(default=0)):
        assert not after(_added_column(field)).is_empty("shop_order")


def test_names_of_today():
    so_far = after(changes.TableRenamed("a", "b"), changes.TableRenamed("b", "c"))
    assert so_far.live_name("c") == "a"
    assert so_far.live_name("other") == "other"


def test_name_that_another_table_takes():
    so_far = after(changes.TableRenamed("a", "old"), changes.TableRenamed("new", "a"))
    assert so_far.live_name("a") == "new"
    assert so_far.live_name("old") == "a"


def test_tables_that_are_not_there_yet(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE here (id integer)")
    so_far = after(changes.TableRenamed("here", "there"), database=get_database(connection))
    assert not so_far.is_new("there")
    assert so_far.is_new("nowhere")


def test_constraints():
    so_far = after(changes.ConstraintAdded("t", CHECK, not_valid=True))
    assert not so_far.is_validated("t", "positive")
    so_far.note(changes.ConstraintValidated("t", "positive"))
    assert so_far.is_validated("t", "positive")
    assert after(changes.ConstraintAdded("t", CHECK)).is_validated("t", "positive")


@pytest.mark.vendors("postgresql")
def test_constraint_that_is_not_validated_in_the_database(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id integer)")
        cursor.execute("ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
    so_far = after(changes.TableRenamed("t", "u"), database=get_database(connection))
    assert not so_far.is_validated("u", "positive")
    assert so_far.is_validated("u", "another")


def test_what_is_gone():
    so_far = after(
        changes.TableDropped("a"),
        changes.IndexDropped("t", "i", ("x",)),
        changes.IndexRenamed("t", "j", "k"),
        changes.ConstraintDropped("t", CHECK),
    )
    assert so_far.is_dropped("a")
    assert not so_far.is_dropped("t")
    found = {name for name in ("i", "j", "k", "positive", "x") if so_far.is_removed("t", name)}
    assert found == {"i", "j", "positive"}
    so_far.note(changes.ConstraintAdded("t", CHECK))
    assert not so_far.is_removed("t", "positive")


def test_present_names():
    so_far = after(changes.TableRenamed("a", "b"))
    assert (so_far.present_name("a"), so_far.present_name("c")) == ("b", "c")


def test_hand_written_sql():
    so_far = after()
    for statement in (
        CreateTable(table="fresh"),
        CreateTable(table="passing", temporary=True),
        AlterTable(table="t", actions=(RenameTable(new_name="u"),)),
        AlterTable(
            table="u",
            actions=(AddConstraint(kind=ConstraintKind.CHECK, name="c", not_valid=True),),
        ),
        DropTable(tables=("old",)),
        DropIndex(names=("i",), table="u"),
    ):
        so_far.note_statement(statement)
    assert so_far.is_new("fresh")
    assert not so_far.is_new("passing")
    assert so_far.live_name("u") == "t"
    assert not so_far.is_validated("u", "c")
    assert so_far.is_dropped("old")
    assert so_far.is_removed("u", "i")
    so_far.note_statement(AlterTable(table="u", actions=(ValidateConstraint(name="c"),)))
    assert so_far.is_validated("u", "c")
