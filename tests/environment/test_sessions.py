from __future__ import annotations

import re

import pytest

from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.environment import PlanLocks
from django_safe_migrate.environment.sessions import long_transactions, prepared_transactions
from tests.databases.conftest import eventually, run
from tests.servers.base import open_connection

ALTERS = PlanLocks((TableLock("t", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES),))
INDEXES = PlanLocks((TableLock("t", "SHARE", Blocking.WRITES),))
ELSEWHERE = PlanLocks((TableLock("u", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES),))
CONCURRENT = PlanLocks(
    (TableLock("u", "SHARE UPDATE EXCLUSIVE", Blocking.SCHEMA_CHANGES),), waits=True
)


@pytest.fixture
def table(connection):
    run(connection, "CREATE TABLE t (name varchar(20))", "INSERT INTO t VALUES ('secret')")


@pytest.fixture
def busy(table, database_settings):
    """Another session in the middle of a transaction that has written."""
    with open_connection(database_settings) as other:
        other.set_autocommit(False)
        run(other, "UPDATE t SET name = 'secret' WHERE name = 'secret'")
        yield
        other.rollback()


@pytest.fixture
def reading(table, database_settings):
    """Another session in the middle of a transaction that has read."""
    with open_connection(database_settings) as other:
        other.set_autocommit(False)
        run(other, "SELECT * FROM t")
        yield
        other.rollback()


def look(make_context, locks):
    """The one transaction that is seen; MariaDB looks at its transactions anew every tenth of a second only."""
    context = make_context(long_transaction=0.0, locks=locks)
    assert eventually(lambda: len(list(long_transactions(context))) == 1, every=0.2)
    [found] = long_transactions(context)
    return found


@pytest.mark.vendors("postgresql")
def test_a_transaction_that_holds_a_table_of_the_plan(make_context, busy):
    found = look(make_context, ALTERS)
    assert found.matters
    assert re.fullmatch(
        r"Session \d+ \(.+\) has had a transaction open for \d+ seconds, and the plan has to wait for it: "
        r"it holds ROW EXCLUSIVE on t\. Its last query: UPDATE t SET name = \? WHERE name = \?",
        found.message,
    )
    assert found.hint == f"Let it finish, or end session {found.who}, before the run."


@pytest.mark.vendors("postgresql")
def test_only_locks_that_exclude_each_other_matter(make_context, reading):
    assert look(make_context, ALTERS).matters
    found = look(make_context, INDEXES)
    assert not found.matters
    assert "and holds no table that the plan is known to lock." in found.message


@pytest.mark.vendors("postgresql")
def test_a_transaction_that_holds_other_tables(make_context, busy):
    assert not look(make_context, ELSEWHERE).matters
    assert not look(make_context, PlanLocks()).matters


@pytest.mark.vendors("postgresql")
def test_an_index_that_is_built_concurrently_waits_for_everybody(make_context, busy):
    found = look(make_context, CONCURRENT)
    assert found.matters
    assert "concurrently, which waits for every older transaction." in found.message


@pytest.mark.vendors("mariadb")
def test_where_the_server_does_not_tell_who_holds_what_everybody_matters(make_context, busy):
    found = look(make_context, ELSEWHERE)
    assert found.matters
    assert "which this server does not tell" in found.message
    assert "secret" not in found.message
    assert not look(make_context, PlanLocks()).matters


@pytest.mark.vendors("postgresql", "mariadb")
def test_short_transaction(make_context, busy):
    assert list(long_transactions(make_context(long_transaction=3600.0))) == []


def test_nobody_else(make_context):
    assert list(long_transactions(make_context(long_transaction=0.0))) == []
    assert list(prepared_transactions(make_context(long_transaction=0.0))) == []


@pytest.mark.vendors("postgresql", "mariadb")
def test_first_install(make_context, busy):
    assert list(long_transactions(make_context(long_transaction=0.0, first_install=True))) == []
