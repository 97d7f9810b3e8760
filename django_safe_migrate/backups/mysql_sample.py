"""The schema of a MariaDB or MySQL database with a sample of its rows, in a database of its own, which is dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from django_safe_migrate.backups import mysql_swap, names
from django_safe_migrate.backups.connector import SampleRequest, Scratch, report
from django_safe_migrate.backups.mysql_server import character_set, execute, quoted, rows, text
from django_safe_migrate.backups.sampling import TableSample, choose
from django_safe_migrate.exceptions import RehearsalFailed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.backups.mysql import MySQLConnector

#: Tables, views and routines; then, when the rows are there, what would have fired for each of them. Events would begin to run.
BEFORE = ("--no-data", "--skip-triggers", "--skip-events", "--skip-single-transaction")
AFTER = (
    "--no-data",
    "--no-create-info",
    "--skip-routines",
    "--skip-events",
    "--skip-single-transaction",
)
COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = %s AND COALESCE(GENERATION_EXPRESSION, '') = '' ORDER BY TABLE_NAME, ORDINAL_POSITION
"""
#: Rows are copied as they are: a zero in a column that numbers itself stays one, and so does a date of zeros. What is read is not locked.
SESSION = (
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)


@contextlib.contextmanager
def sample(connector: MySQLConnector, request: SampleRequest) -> Iterator[Scratch]:
    """Make the database, yield a connection to it, and drop it whatever happens."""
    name, live = names.scratch_name(), connector.database.name
    with connector.connected(NAME=None) as server:
        _create(connector, server, name, character_set(server, live))
    try:
        connector.load(iter([connector.script(live, *BEFORE)]), name)
        report(request.progress, "copying a sample", 0)
        with connector.connected(NAME=name) as connection:
            _copy(connector, connection, live, request.rows)
        connector.load(iter([connector.script(live, *AFTER)]), name)
        with connector.registered(NAME=name) as connection:
            yield Scratch(connection, name)
    finally:
        mysql_swap.drop(connector, name)


def _create(
    connector: MySQLConnector, server: BaseDatabaseWrapper, name: str, charset: str
) -> None:
    try:
        execute(server, f"CREATE DATABASE {quoted(name)} {charset}")
    except DatabaseError as error:
        raise RehearsalFailed(
            f"The user of database {connector.database.alias!r} could not create a database for the sample: {text(error)}. "
            f"Grant it ALL PRIVILEGES ON `{names.SCRATCH_PREFIX}%`.*."
        ) from error


def _copy(
    connector: MySQLConnector, connection: BaseDatabaseWrapper, live: str, limit: int
) -> None:
    for statement in SESSION:
        execute(connection, statement)
    columns: dict[str, list[str]] = {}
    for table, column in rows(connection, COLUMNS, [live]):
        columns.setdefault(table, []).append(column)
    for chosen in choose(connector.database, connector.database.tables(), limit):
        _copy_table(connection, live, chosen, columns[chosen.table])


def _copy_table(
    connection: BaseDatabaseWrapper, live: str, chosen: TableSample, columns: list[str]
) -> None:
    """Let the server move the rows, so that no driver has to understand a value."""
    table, listed = quoted(chosen.table), ", ".join(quoted(column) for column in columns)
    for condition in chosen.conditions(quoted):
        _execute(
            connection,
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {quoted(live)}.{table} {condition.sql}",  # noqa: S608
            condition.params,
        )


def _execute(connection: BaseDatabaseWrapper, sql: str, params: tuple[Any, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
