from __future__ import annotations

import pytest
from django.db import models

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.databases import get_database

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
