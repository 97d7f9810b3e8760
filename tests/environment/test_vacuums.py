"""A real autovacuum to prevent wraparound: as young as the server allows, and slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.environment import PlanLocks
from django_safe_migrate.environment.vacuums import wraparound_vacuums
from tests.databases.conftest import eventually, run
from tests.servers import Server
from tests.servers.base import open_connection

CONFIG = ["autovacuum_naptime = 1s"]
#: The least age that PostgreSQL accepts is 100,000 transactions; a cost delay makes the vacuum of this table last for minutes.
TABLE = """
    CREATE TABLE t (id int, filler text)
    WITH (autovacuum_freeze_max_age = 100000, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)
"""
#: More transactions than that, each of them a subtransaction with a number of its own.
AGE = """
    DO $$ BEGIN FOR i IN 1..110000 LOOP BEGIN INSERT INTO burned VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$
"""


@pytest.fixture
def aged(make_server: Callable[..., Server]) -> dict[str, Any]:
    """A database whose table is under such a vacuum."""
    server = make_server("postgresql", config=CONFIG)
    entry = server.create_database()
    with open_connection(entry) as connection:
        run(
            connection,
            TABLE,
            "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i",
            "CREATE TABLE burned (id int)",
            AGE,
        )
        database = get_database(connection)
        assert eventually(
            lambda: any(one.table == "t" for one in database.wraparound_vacuums()), every=0.5
        )
    return entry


@pytest.mark.vendors("postgresql")
def test_a_vacuum_to_prevent_wraparound(aged: dict[str, Any], make_context: Any) -> None:
    lock = TableLock("t", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES)
    with open_connection(aged) as connection:
        database = get_database(connection)
        context = make_context(database=database, locks=PlanLocks((lock,)))
        [found] = wraparound_vacuums(context)
        assert found.matters
        assert found.message.startswith("Autovacuum ")
        assert " has worked on t for " in found.message
        assert "to prevent wraparound" in found.message
        assert list(wraparound_vacuums(make_context(database=database))) == []
        # It does not make way: a lock that excludes it is not to be had.
        run(connection, "SET lock_timeout = '3s'")
        with pytest.raises(Exception, match="lock timeout"):
            run(connection, "ALTER TABLE t ADD COLUMN note int")
        run(connection, "CREATE ROLE nobody_special LOGIN PASSWORD 'x'")
        # A role that may not see what others do finds it all the same.
        limited = {**aged, "USER": "nobody_special", "PASSWORD": "x"}
        with open_connection(limited) as other:
            seen = get_database(other).wraparound_vacuums()
        assert "t" in {one.table for one in seen}


@pytest.mark.vendors("postgresql")
def test_no_vacuum(make_context: Any) -> None:
    assert list(wraparound_vacuums(make_context())) == []
