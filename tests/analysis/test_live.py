from __future__ import annotations

import pytest

from django_safe_migrate.analysis.live import Live
from django_safe_migrate.databases import get_database


@pytest.fixture
def live(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE full_one (id integer)")
        cursor.execute("CREATE TABLE empty_one (id integer)")
        cursor.execute("INSERT INTO full_one VALUES (1)")
    return Live(get_database(connection))


def test_rows(live):
    assert live.has_rows("full_one")
    assert not live.has_rows("empty_one")
    assert not live.has_rows("nothing")


def test_asked_once(live, connection):
    assert live.has_rows("full_one")
    assert not live.is_blank
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE full_one")
    assert live.has_rows("full_one")
    assert not live.is_missing("full_one")


def test_missing_tables(live):
    assert live.is_missing("nothing")
    assert not live.is_missing("FULL_ONE")
    assert not live.is_missing('other"."table')


def test_estimates_are_none_or_numbers(live):
    assert live.estimated_rows("nothing") is None
    estimate = live.estimated_rows("full_one")
    assert estimate is None or estimate >= 0


def test_blank(connection):
    database = get_database(connection)
    assert Live(database).is_blank
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_migrations (id integer)")
        cursor.execute("CREATE TABLE django_safe_migrate_migrationrun (id integer)")
    assert Live(database).is_blank
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shop (id integer)")
    assert not Live(database).is_blank


def test_nobody_to_ask():
    live = Live(None)
    assert live.has_rows("anything")
    assert not live.is_missing("anything")
    assert not live.is_blank
    assert live.estimated_rows("anything") is None
    assert live.unvalidated_constraints == frozenset()


@pytest.mark.vendors("postgresql")
def test_unvalidated_constraints(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id integer)")
        cursor.execute("ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
    assert Live(get_database(connection)).unvalidated_constraints == {"t.positive"}
