"""Sizes of tables, and rates that are measured without a trace, on each vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database, measurements
from django_safe_migrate.databases.answers import TableSize
from django_safe_migrate.databases.mysql import measurements as mysql_measurements
from django_safe_migrate.databases.postgresql import measurements as postgresql_measurements
from django_safe_migrate.databases.rates import ASSUMED, LONGEST
from tests.databases.conftest import run

FEW = 200_000


@pytest.fixture(autouse=True)
def _nothing_measured_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing measured before, and as much time as a busy machine needs."""
    monkeypatch.setattr(measurements, "_measured", {})
    for vendor in (mysql_measurements, postgresql_measurements):
        monkeypatch.setattr(vendor, "LONGEST", 60)


def fill(connection: BaseDatabaseWrapper, table: str, rows: int) -> None:
    """Make a table of so many rows of about 100 bytes, with an index, and let the server look at it."""
    source = {
        "postgresql": f"SELECT n, md5(n::text), repeat(md5(n::text), 2) FROM generate_series(1, {rows}) n",
        "mysql": f"SELECT seq, MD5(seq), REPEAT(MD5(seq), 2) FROM seq_1_to_{rows}",
        "sqlite": f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {rows}) "
        "SELECT n, hex(randomblob(16)), hex(randomblob(32)) FROM n",
    }[connection.vendor]
    run(
        connection,
        f"CREATE TABLE {table} (id integer PRIMARY KEY, name varchar(100), note varchar(100))",
        f"INSERT INTO {table} {source}",
        f"CREATE INDEX {table}_name ON {table} (name)",
        *(
            {"postgresql": [f"ANALYZE {table}"], "mysql": [f"ANALYZE TABLE {table}"]}.get(
                connection.vendor, []
            )
        ),
    )


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with one table of some 20 MB."""
    fill(database.connection, "filled", FEW)
    return database


def test_sizes(filled: Database) -> None:
    run(
        filled.connection,
        "CREATE TABLE tiny (id integer PRIMARY KEY)",
        "CREATE TABLE bare (id integer)",
    )
    run(filled.connection, "INSERT INTO tiny VALUES (1), (2)")
    sizes = filled.table_sizes(["filled", "tiny", "bare", "missing"])
    assert set(sizes) == {"filled", "tiny", "bare"}
    assert sizes["filled"].rows == pytest.approx(FEW, rel=0.1)
    assert not sizes["filled"].exact
    assert sizes["filled"].data_bytes == pytest.approx(FEW * 130, rel=0.3)
    assert FEW * 32 < sizes["filled"].index_bytes < FEW * 130
    assert (sizes["tiny"].rows, sizes["tiny"].exact) == (2, True)
    assert (sizes["bare"].rows, sizes["bare"].exact) == (0, True)
    assert filled.table_sizes([]) == {}


def test_sizes_are_told_under_the_names_that_were_asked_for(filled: Database) -> None:
    if filled.vendor == "postgresql":
        assert filled.table_sizes(["FILLED"]) == {}
    elif filled.vendor == "sqlite":
        assert set(filled.table_sizes(["FILLED"])) == {"FILLED"}


@pytest.mark.vendors("postgresql")
def test_a_table_that_was_never_analysed(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE fresh WITH (autovacuum_enabled = off) AS SELECT n, repeat('x', 90) t FROM generate_series(1, 150000) n",
    )
    size = database.table_sizes(["fresh"])["fresh"]
    assert not size.exact
    assert size.rows == size.data_bytes // measurements.USUAL_ROW_BYTES > 100_000


@pytest.mark.vendors("postgresql")
def test_a_partitioned_table_is_the_sum_of_its_partitions(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE parted (id integer PRIMARY KEY, note text) PARTITION BY RANGE (id)",
        "CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (1000)",
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.parted_b PARTITION OF parted FOR VALUES FROM (1000) TO (100000)",
        "INSERT INTO parted SELECT n, md5(n::text) FROM generate_series(1, 9999) n",
        "ANALYZE parted",
    )
    sizes = database.table_sizes(["parted", "parted_a", "elsewhere.parted_b"])
    assert sizes["parted"].rows == 9999
    assert sizes["elsewhere.parted_b"] == TableSize(
        9000, False, sizes["elsewhere.parted_b"].data_bytes, sizes["elsewhere.parted_b"].index_bytes
    )
    parts = sizes["parted_a"].data_bytes + sizes["elsewhere.parted_b"].data_bytes
    assert sizes["parted"].data_bytes == parts


@pytest.mark.vendors("sqlite")
def test_rows_that_were_deleted_from_a_small_table_are_not_counted(database: Database) -> None:
    run(database.connection, "CREATE TABLE gap (id integer PRIMARY KEY)")
    run(database.connection, "INSERT INTO gap VALUES (1), (900000000)")
    assert database.table_sizes(["gap"])["gap"] == TableSize(2, True, 4096, 0)


@pytest.mark.vendors("sqlite")
def test_a_table_without_rowids(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE pairs (a text PRIMARY KEY, b text) WITHOUT ROWID",
        "INSERT INTO pairs VALUES ('x', 'y')",
    )
    assert database.table_sizes(["pairs"])["pairs"].rows == 1


def test_an_unknown_vendor_knows_no_sizes_and_assumes_rates(
    connection: BaseDatabaseWrapper,
) -> None:
    run(connection, "CREATE TABLE tiny (id integer PRIMARY KEY)")
    unknown = Database(connection)
    assert unknown.table_sizes(["tiny"]) == {}
    assert unknown.rates("tiny") == ASSUMED


def session_settings(database: Database) -> list[tuple[Any, ...]]:
    """Every setting of the session that a measurement might have touched."""
    if database.vendor == "sqlite":
        return [
            database.ask(f"PRAGMA {name}")[0]
            for name in ("temp_store", "synchronous", "journal_mode")
        ]
    if database.vendor == "mysql":
        return database.ask(
            "SHOW SESSION VARIABLES WHERE Variable_name NOT IN ('timestamp', 'last_insert_id', 'insert_id', 'pseudo_thread_id', 'rand_seed1', 'rand_seed2', 'error_count', 'warning_count', 'last_gtid')"
        )
    return database.ask("SELECT name, setting FROM pg_settings ORDER BY name")


def test_rates_are_measured_without_a_trace(filled: Database) -> None:
    tables, settings = filled.tables(), session_settings(filled)
    statements: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        statements.append(sql)
        return execute(sql, *args)

    with filled.connection.execute_wrapper(watch):
        rates = filled.rates("filled")
    assert rates.measured
    assert min(rates.scan, rates.write, rates.index) > 0
    assert any("safe_migrate_sample" in sql for sql in statements)
    assert filled.tables() == tables
    assert session_settings(filled) == settings
    assert filled.connection.get_autocommit()
    with pytest.raises(DatabaseError):
        run(filled.connection, "SELECT 1 FROM safe_migrate_sample")
    assert filled.count_rows("filled") == FEW


def test_rates_are_measured_once_in_a_process(filled: Database) -> None:
    rates = filled.rates("filled")
    run(filled.connection, "DROP TABLE filled")
    assert get_database(filled.connection).rates("filled") is rates


def test_rates_are_not_measured_inside_of_a_transaction(filled: Database) -> None:
    with transaction.atomic():
        assert filled.rates("filled") == ASSUMED
        run(filled.connection, "SELECT 1")
    # That says nothing of later.
    assert filled.rates("filled").measured


@pytest.fixture
def limited(
    filled: Database,
    role: dict[str, Any],
    database_settings: dict[str, Any],
    other: Callable[..., BaseDatabaseWrapper],
) -> Iterator[Database]:
    """The database as a role sees it that may read the table, and nothing else."""
    if filled.vendor == "postgresql":
        name = database_settings["NAME"]
        run(
            filled.connection,
            "GRANT SELECT ON filled TO limited_role",
            f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC',
        )
    else:
        run(filled.connection, "GRANT SELECT ON filled TO limited_role@'127.0.0.1'")
    return get_database(other(**role))


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_role_that_may_make_no_temporary_table(limited: Database) -> None:
    assert limited.rates("filled") == ASSUMED
    assert not limited.connection.in_atomic_block
    # As usable as before.
    assert limited.table_sizes(["filled"])["filled"].data_bytes > FEW * 100
    assert run(limited.connection, "SELECT 1") == [(1,)]


@pytest.mark.vendors("postgresql")
def test_a_session_that_only_reads(filled: Database) -> None:
    run(filled.connection, "SET default_transaction_read_only = on")
    assert filled.rates("filled") == ASSUMED
    assert run(filled.connection, "SELECT 1") == [(1,)]


@pytest.mark.vendors("sqlite")
def test_a_connection_that_only_reads(filled: Database) -> None:
    run(filled.connection, "PRAGMA query_only = on")
    assert filled.rates("filled") == ASSUMED
    run(filled.connection, "PRAGMA query_only = off")
    assert filled.rates("filled").measured


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_table_that_somebody_has_for_themselves(
    filled: Database, other: Callable[..., BaseDatabaseWrapper], monkeypatch: pytest.MonkeyPatch
) -> None:
    for vendor in (mysql_measurements, postgresql_measurements):
        monkeypatch.setattr(vendor, "LONGEST", LONGEST)
    session = other()
    if filled.vendor == "postgresql":
        run(session, "BEGIN", "LOCK TABLE filled IN ACCESS EXCLUSIVE MODE")
    else:
        run(session, "LOCK TABLES filled WRITE")
    assert filled.rates("filled") == ASSUMED
    assert run(filled.connection, "SELECT 1") == [(1,)]


def test_a_failure_is_no_refusal(filled: Database) -> None:
    # Somebody's own temporary table of that name.
    run(filled.connection, "CREATE TEMPORARY TABLE safe_migrate_sample (id integer)")
    with pytest.raises(DatabaseError, match="safe_migrate_sample"):
        filled.rates("filled")
    assert run(filled.connection, "SELECT COUNT(*) FROM safe_migrate_sample") == [(0,)]
