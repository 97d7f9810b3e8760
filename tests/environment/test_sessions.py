from __future__ import annotations

import re

import pytest

from django_safe_migrate.environment.sessions import check
from tests.databases.conftest import eventually
from tests.servers.base import open_connection


@pytest.fixture
def busy(connection, database_settings):
    """Another session in the middle of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (name varchar(20))")
        cursor.execute("INSERT INTO t VALUES ('secret')")
    with open_connection(database_settings) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE t SET name = 'secret' WHERE name = 'secret'")
            yield
        other.rollback()


@pytest.mark.vendors("postgresql", "mariadb")
def test_long_transaction(make_context, busy):
    context = make_context(long_transaction=0.0)
    # MariaDB looks at its transactions anew every tenth of a second only, and not while it is asked more often.
    assert eventually(lambda: len(list(check(context))) == 1, every=0.2)
    [finding] = check(context)
    assert finding.rule == "long_transaction"
    assert finding.severity.label == "warning"
    assert re.fullmatch(
        r"Session \d+ \(.+\) has had a transaction open for \d+ seconds, "
        r"and a migration waits for each table that it has used\.( Its last query: .+)?",
        finding.message,
    )
    assert "secret" not in finding.message


@pytest.mark.vendors("postgresql", "mariadb")
def test_short_transaction(make_context, busy):
    assert list(check(make_context(long_transaction=3600.0))) == []


def test_nobody_else(make_context):
    assert list(check(make_context(long_transaction=0.0))) == []


@pytest.mark.vendors("postgresql", "mariadb")
def test_first_install(make_context, busy):
    assert list(check(make_context(long_transaction=0.0, first_install=True))) == []
