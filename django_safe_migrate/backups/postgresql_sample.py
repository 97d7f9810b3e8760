"""The schema of a PostgreSQL database with a sample of its rows, in a database of its own, which is dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from django_safe_migrate.backups import names, postgresql_swap
from django_safe_migrate.backups.connector import SampleRequest, Scratch, report
from django_safe_migrate.backups.postgresql_attributes import copy_settings, quoted, read_attributes
from django_safe_migrate.backups.programs import running
from django_safe_migrate.backups.sampling import TableSample, choose
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import RehearsalFailed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.backups.postgresql import PostgreSQLConnector

#: Partitions get their rows through the table that they are parts of; tables of extensions come filled with these.
TABLES = """
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND pg_catalog.pg_table_is_visible(c.oid) AND c.relname = ANY(%s)
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.relname ORDER BY c.relname
"""
SEQUENCES = """
SELECT pg_catalog.format('%%I.%%I', schemaname, sequencename), last_value FROM pg_catalog.pg_sequences
WHERE last_value IS NOT NULL
"""
FILLED_VIEWS = """
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid
"""


@contextlib.contextmanager
def sample(connector: PostgreSQLConnector, request: SampleRequest) -> Iterator[Scratch]:
    """Make the database, yield a connection to it, and drop it whatever happens."""
    name = names.scratch_name()
    with postgresql_swap.maintenance_connection(connector) as server:
        attributes = read_attributes(server, connector.database.name)
        clauses = attributes.create_clauses() if attributes else "TEMPLATE template0"
        _create(connector, server, name, clauses)
    try:
        _fill(connector, request, name)
        with postgresql_swap.maintenance_connection(connector) as server:
            notices = copy_settings(server, attributes, name)
        with connector.registered(NAME=name) as connection:
            yield Scratch(connection, name, notices)
    finally:
        postgresql_swap.drop(connector, name)


def _create(
    connector: PostgreSQLConnector, server: BaseDatabaseWrapper, name: str, clauses: str
) -> None:
    try:
        _execute(server, f"CREATE DATABASE {quoted(name)} {clauses}")
    except DatabaseError as error:
        raise RehearsalFailed(
            f"The role of database {connector.database.alias!r} could not create a database for the sample: {str(error).strip()}. "
            "Let it create databases (ALTER ROLE ... CREATEDB)."
        ) from error


def _fill(connector: PostgreSQLConnector, request: SampleRequest, name: str) -> None:
    """Make the tables, copy the rows in one view of the live database, then add indexes, constraints and triggers."""
    with (
        connector.connected() as live,
        connector.connected(NAME=name) as copy,
        _one_view(live) as snapshot,
    ):
        schema = request.folder / "schema"
        _dump_schema(connector, schema, snapshot)
        _load(connector, request, schema, "pre-data", name)
        report(request.progress, "copying a sample", 0)
        _copy_rows(live, copy, request.rows)
        sequences, views = _ask(live, SEQUENCES), _ask(live, FILLED_VIEWS)
        _load(connector, request, schema, "post-data", name)
        for sequence, value in sequences:
            _execute(copy, "SELECT pg_catalog.setval(%s::regclass, %s)", [sequence, value])
        for (view,) in views:
            _execute(copy, f"REFRESH MATERIALIZED VIEW {view}")


@contextlib.contextmanager
def _one_view(live: BaseDatabaseWrapper) -> Iterator[str]:
    """Open a transaction whose view of the database pg_dump shares; the first rows of a table are the same each time that they are read."""
    _execute(live, "SET synchronize_seqscans = off")
    _execute(live, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield _ask(live, "SELECT pg_catalog.pg_export_snapshot()")[0][0]
    finally:
        with contextlib.suppress(DatabaseError):
            _execute(live, "ROLLBACK")


def _dump_schema(connector: PostgreSQLConnector, path: Path, snapshot: str) -> None:
    client = connector.client
    arguments = client.arguments(
        "pg_dump",
        "--format=custom",
        "--schema-only",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={int(connector.options.lock_wait * 1000)}",
        f"--file={path}",
    )
    with running(arguments, env=client.environment(), secrets=connector.secrets) as program:
        program.finish()


def _load(
    connector: PostgreSQLConnector, request: SampleRequest, path: Path, section: str, name: str
) -> None:
    client = connector.client
    skipped = ["--no-owner", "--no-privileges"] if request.no_owner else []
    arguments = client.arguments(
        "pg_restore", "--exit-on-error", f"--section={section}", *skipped, database_name=name
    )
    with running(
        [*arguments, str(path)], env=client.environment(), secrets=connector.secrets
    ) as program:
        program.finish()


def _copy_rows(live: BaseDatabaseWrapper, copy: BaseDatabaseWrapper, limit: int) -> None:
    database = get_database(live)
    columns = dict(_ask(live, TABLES, [list(database.tables())]))
    for chosen in choose(database, sorted(columns), limit):
        _copy_table(live, copy, chosen, columns[chosen.table])


def _copy_table(
    live: BaseDatabaseWrapper, copy: BaseDatabaseWrapper, chosen: TableSample, columns: list[str]
) -> None:
    """Stream the rows in the server's own format, so that no driver has to understand a value."""
    table, listed = quoted(chosen.table), ", ".join(quoted(column) for column in columns)
    for condition in chosen.conditions(quoted):
        query = f"COPY (SELECT {listed} FROM {table} {condition.sql}) TO STDOUT"  # noqa: S608
        with (
            copy.wrap_database_errors,
            live.connection.cursor() as reading,
            copy.connection.cursor() as writing,
            reading.copy(query, condition.params or None) as source,
            writing.copy(f"COPY {table} ({listed}) FROM STDIN") as target,
        ):
            for piece in source:
                target.write(piece)


def _ask(connection: BaseDatabaseWrapper, sql: str, params: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or [])
        return cursor.fetchall()


def _execute(connection: BaseDatabaseWrapper, sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
