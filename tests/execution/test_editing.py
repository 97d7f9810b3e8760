from __future__ import annotations

import signal

import pytest
from django.db import IntegrityError
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
    with pytest.raises(type(first)) as raised:
        fail_with(first, family)
    assert raised.value is first
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
