from __future__ import annotations

import signal
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import IntegrityError, models
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.execution.editing import schema_editor
from django_safe_migrate.execution.interrupts import StopRequested


@pytest.fixture
def family(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE parent (id integer PRIMARY KEY)")
        cursor.execute(
            "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
        )
    return connection


def break_a_key(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO child VALUES (1, 4711)")


def fail_with(error: BaseException, connection: BaseDatabaseWrapper) -> None:
    with schema_editor(connection, atomic=True):
        break_a_key(connection)
        raise error


def children(connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM child")
        return int(cursor.fetchone()[0])


@pytest.mark.vendors("sqlite", "postgresql")
@pytest.mark.parametrize("first", [ValueError("first"), StopRequested(signal.SIGTERM)])
def test_the_first_error_is_the_one_that_is_raised(
    family: BaseDatabaseWrapper, first: BaseException
) -> None:
    """SQLite's editor checks the constraints on leaving, and would raise about the key instead."""
    cause = OSError("what the driver said")
    first.__cause__ = cause
    with pytest.raises(type(first)) as raised:
        fail_with(first, family)
    assert raised.value is first
    assert first.__cause__ is cause
    assert not family.in_atomic_block
    assert children(family) == 0


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_broken_key_alone_is_an_error_and_leaves_no_transaction(
    family: BaseDatabaseWrapper,
) -> None:
    with pytest.raises(IntegrityError), schema_editor(family, atomic=True):
        break_a_key(family)
    assert not family.in_atomic_block
    assert children(family) == 0
    with pytest.raises(IntegrityError):
        break_a_key(family)


def test_what_is_done_in_it_stays(connection: BaseDatabaseWrapper) -> None:
    with schema_editor(connection, atomic=True) as editor:
        editor.execute("CREATE TABLE things (id integer PRIMARY KEY)")
    with connection.cursor() as cursor:
        assert "things" in connection.introspection.table_names(cursor)


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("atomic", [True, False])
def test_a_table_that_is_made_anew_is_never_gone(family: BaseDatabaseWrapper, atomic: bool) -> None:
    """Whatever ends it before the new table has the old name, as a kill would."""

    class Parent(models.Model):
        id = models.IntegerField(primary_key=True)

        class Meta:
            apps = Apps()
            app_label = "family"
            db_table = "parent"

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if "RENAME TO" in sql:
            raise KeyboardInterrupt
        return execute(sql, *rest)

    field = models.IntegerField(default=1)
    field.set_attributes_from_name("size")
    with (
        pytest.raises(KeyboardInterrupt),
        family.execute_wrapper(fail),
        schema_editor(family, atomic=atomic) as editor,
    ):
        editor.add_field(Parent, field)
    assert not family.in_atomic_block
    assert set(family.introspection.table_names()) == {"parent", "child"}
