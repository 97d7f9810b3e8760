"""What only PostgreSQL can say of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.postgresql.timeouts import is_concurrent
from tests.databases.conftest import run
from tests.servers import Server
from tests.servers.base import open_connection

pytestmark = [pytest.mark.vendors("postgresql"), pytest.mark.postgresql]


@contextmanager
def transaction(session: BaseDatabaseWrapper, *statements: str) -> Iterator[None]:
    run(session, "BEGIN", *statements)
    yield
    run(session, "ROLLBACK")


# --- timeouts ---


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "create unique index concurrently if not exists i on t (a)",
        "-- why\n/* and how */ DROP INDEX CONCURRENTLY i",
        "REINDEX (VERBOSE) INDEX CONCURRENTLY i",
        "REINDEX (CONCURRENTLY, VERBOSE) TABLE t",
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY;",
    ],
)
def test_statements_that_wait_without_blocking(sql: str) -> None:
    assert is_concurrent(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX i ON t (a)",
        "DROP INDEX i",
        "REINDEX TABLE t",
        "REINDEX (CONCURRENTLY false) TABLE t",
        "ALTER TABLE t DETACH PARTITION p",
        "SELECT 'CREATE INDEX CONCURRENTLY i ON t (a)'",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
    ],
)
def test_statements_that_block(sql: str) -> None:
    assert not is_concurrent(sql)


def test_the_lock_timeout_is_lifted_for_a_concurrent_index_only_outside_of_a_transaction(
    database: Database,
) -> None:
    def lock_timeout() -> str:
        return str(run(database.connection, "SHOW lock_timeout")[0][0])

    with database.timeouts(lock=1, statement=None):
        with database.relaxed_for("CREATE INDEX CONCURRENTLY i ON t (a)"):
            assert lock_timeout() == "0"
        assert lock_timeout() == "1s"
        with database.relaxed_for("CREATE INDEX i ON t (a)"):
            assert lock_timeout() == "1s"
        with atomic(), database.relaxed_for("CREATE INDEX CONCURRENTLY i ON t (a)"):
            assert lock_timeout() == "1s"


def test_a_concurrent_index_outlasts_the_lock_timeout_and_stays_valid(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    import threading

    run(database.connection, "CREATE TABLE box (id integer)")
    reader, watcher = other(), other()
    statement = "CREATE INDEX CONCURRENTLY box_index ON box (id)"
    run(reader, "BEGIN", "SELECT * FROM box")
    reader.inc_thread_sharing()

    def leave_later() -> None:
        run(reader, "SELECT pg_sleep(1)", "ROLLBACK")

    assert watcher is not reader
    thread = threading.Thread(target=leave_later)
    thread.start()
    with database.timeouts(lock=0.2, statement=None), database.relaxed_for(statement):
        run(database.connection, statement)
    thread.join()
    assert database.invalid_indexes() == ()


def test_in_a_failed_transaction_the_session_is_thrown_away_rather_than_kept_with_our_timeouts(
    database: Database,
) -> None:
    before = run(database.connection, "SHOW statement_timeout")
    with pytest.raises(DatabaseError), database.timeouts(lock=None, statement=9):
        run(database.connection, "BEGIN", "SELECT nonsense")
    assert run(database.connection, "SHOW statement_timeout") == before


def test_nowait_is_a_lock_error(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    run(database.connection, "CREATE TABLE box (id integer)")
    with transaction(other(), "LOCK TABLE box"), pytest.raises(DatabaseError) as raised, atomic():
        run(database.connection, "LOCK TABLE box NOWAIT")
    assert database.is_lock_error(raised.value)


# --- tables ---


def test_only_tables_of_the_search_path_are_seen(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE here (id integer)",
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.there (id integer)",
        "CREATE TABLE elsewhere.here (id integer, other integer)",
        "CREATE TABLE parent (id integer) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (10)",
    )
    assert database.tables() == ("here", "parent", "part")
    assert database.columns("here") == ("id",)
    run(database.connection, "SET search_path = elsewhere")
    assert database.tables() == ("here", "there")
    assert database.columns("here") == ("id", "other")


def test_a_table_that_was_never_analysed_has_no_estimate(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE box AS SELECT generate_series(1, 5000) AS id",
        "CREATE TABLE empty (id integer)",
        "CREATE TABLE parent (id integer) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (1000)",
        "INSERT INTO parent SELECT generate_series(1, 900)",
    )
    tables = ["box", "empty", "parent", "no_such_table"]
    assert database.estimated_rows(tables) == {}
    assert database.row_counts(["box"], exact_below=10)["box"].exact
    run(database.connection, "ANALYZE")
    assert database.estimated_rows(tables) == {"box": 5000, "empty": 0, "parent": 900}
    assert not database.row_counts(["box"], exact_below=10)["box"].exact
    assert database.table_sizes(["parent"])["parent"].data_bytes > 0


# --- condition ---


def test_an_index_that_failed_to_build_is_invalid(database: Database) -> None:
    run(database.connection, "CREATE TABLE box (id integer)", "INSERT INTO box VALUES (1), (1)")
    with pytest.raises(DatabaseError):
        run(database.connection, "CREATE UNIQUE INDEX CONCURRENTLY box_id ON box (id)")
    assert database.invalid_indexes() == ("box.box_id",)


def test_a_constraint_that_rows_were_not_checked_against_is_unvalidated(database: Database) -> None:
    run(
        database.connection,
        'CREATE TABLE "Box" (id integer)',
        'ALTER TABLE "Box" ADD CONSTRAINT positive CHECK (id > 0) NOT VALID',
    )
    assert database.unvalidated_constraints() == ("Box.positive",)
    run(database.connection, 'ALTER TABLE "Box" VALIDATE CONSTRAINT positive')
    assert database.unvalidated_constraints() == ()


def test_the_owner_of_everything_lacks_nothing(database: Database) -> None:
    run(database.connection, "CREATE TABLE django_migrations (id integer)")
    assert database.missing_permissions() == ()


def test_a_role_without_privileges_is_told_what_it_lacks(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    run(
        database.connection,
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "CREATE TABLE django_migrations (id integer)",
        "CREATE TABLE shop_order (id integer)",
        "GRANT SELECT ON django_migrations TO limited_role",
        "CREATE TABLE own (id integer)",
        "ALTER TABLE own OWNER TO limited_role",
    )
    limited = get_database(other(**role))
    rest = (
        "INSERT on table django_migrations",
        "DELETE on table django_migrations",
    )
    assert limited.missing_permissions() == (
        "create tables in schema public",
        "alter or drop table django_migrations, which belongs to role safe_migrate",
        "alter or drop table shop_order, which belongs to role safe_migrate",
        *rest,
    )
    assert limited.missing_permissions(["own"]) == ("create tables in schema public", *rest)


def test_a_read_only_role_is_told_so(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    run(database.connection, "ALTER ROLE limited_role SET default_transaction_read_only = on")
    limited = get_database(other(**role))
    assert limited.missing_permissions([])[0] == (
        "write: transactions of role limited_role are read-only (default_transaction_read_only)"
    )


def test_a_role_without_privileges_gets_cautious_answers(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    run(database.connection, "CREATE TABLE box (id integer)")
    limited = get_database(other(**role))
    with transaction(database.connection):
        assert limited.free_disk_bytes() is None
        assert limited.long_transactions(0) == ()
        assert limited.replication().lags == ()
        assert limited.invalid_indexes() == ()
        assert limited.tables() == ("box",)
        assert limited.database_bytes() is not None
        assert limited.is_reachable() == ""


def test_transactions_of_others_are_shown_without_values(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    session = other()
    session.settings_dict["OPTIONS"] = {"application_name": "nightly"}
    with transaction(session, "SELECT 'secret' AS a, 17 AS b"):
        assert database.long_transactions(3600) == ()
        (found,) = database.long_transactions(0)
    assert (found.user, found.application, found.state) == (
        "safe_migrate",
        "nightly",
        "idle in transaction",
    )
    assert found.query == "SELECT ? AS a, ? AS b"
    assert found.seconds > 0
    assert database.long_transactions(0) == ()


def test_a_prepared_transaction_is_a_long_transaction_too(
    make_server: Callable[..., Server],
) -> None:
    server = make_server("postgresql", config=["max_prepared_transactions = 2"])
    with open_connection(server.create_database()) as connection:
        run(connection, "BEGIN", "PREPARE TRANSACTION 'payment-7'")
        (found,) = get_database(connection).long_transactions(0)
        assert (found.application, found.state) == ("payment-7", "prepared transaction")
        run(connection, "ROLLBACK PREPARED 'payment-7'")


def test_a_server_alone_has_no_replicas(database: Database) -> None:
    assert not database.replication().is_replica
    assert database.replication().lags == ()


def test_the_newest_server_answers_the_same_questions(
    postgresql18_server: Server, django_db_blocker: Any
) -> None:
    entry = postgresql18_server.create_database()
    with django_db_blocker.unblock(), open_connection(entry) as connection:
        database = get_database(connection)
        run(connection, "CREATE TABLE box (id integer NOT NULL)", "ANALYZE box")
        assert database.server.startswith("PostgreSQL 18.")
        assert database.tables() == ("box",)
        assert database.estimated_rows(["box"]) == {"box": 0}
        assert database.missing_permissions() == ()
        assert database.invalid_indexes() == database.unvalidated_constraints() == ()
        assert database.long_transactions(60) == ()
        assert database.replication().lags == ()
        lock = database.run_lock()
        assert lock.try_acquire()
        assert lock.is_held()
        lock.release()
