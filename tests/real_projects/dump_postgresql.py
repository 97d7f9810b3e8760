"""How a PostgreSQL database is read for comparison: `pg_dump --schema-only`, every row, every sequence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.real_projects.client_programs import run_client
from tests.real_projects.dumps import (
    DatabaseDump,
    Exclusion,
    ReadRows,
    Row,
    compared_counters,
    read_tables,
)

# pg_dump writes its version, the server's, and since 2025 a random key for psql's \restrict; none is schema.
NOISE = re.compile(r"--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict ")

COLUMNS = """
    SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^(pg_|information_schema$)'
    GROUP BY 1
"""
COUNTERS = "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"
# What pg_dump leaves out: settings of the database, and objects that are there and do not work.
PROPERTIES = """
    SELECT 'encoding', pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'collation', datcollate || ' ' || datctype FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'owner', pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'settings of role ' || setrole::regrole, array_to_string(setconfig, ', ')
        FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()
    UNION ALL SELECT 'invalid index ' || indexrelid::regclass, 'invalid' FROM pg_index WHERE NOT indisvalid
"""


def read_database(
    database: Mapping[str, Any], environment: Mapping[str, str], exclusions: tuple[Exclusion, ...]
) -> DatabaseDump:
    """Read the database through one connection and one call of `pg_dump`."""
    with psycopg.connect(make_conninfo(**_connection_parameters(database))) as connection:
        return DatabaseDump(
            schema=_read_schema(database, environment),
            tables=read_tables(
                _without_public(dict(connection.execute(COLUMNS))),
                _row_reader(connection),
                exclusions,
            ),
            counters=compared_counters(
                _without_public(dict(connection.execute(COUNTERS))), exclusions
            ),
            properties=dict(connection.execute(PROPERTIES)),
        )


def _connection_parameters(database: Mapping[str, Any]) -> dict[str, str]:
    given = {
        "dbname": database["NAME"],
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "host": database.get("HOST"),
        "port": database.get("PORT"),
    }
    return {name: str(value) for name, value in given.items() if value}


def _read_schema(database: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Return what `pg_dump --schema-only` writes, owners and privileges included, without its own noise."""
    variables = {
        f"PG{name.upper()}": value for name, value in _connection_parameters(database).items()
    }
    variables["PGDATABASE"] = variables.pop("PGDBNAME")
    text = run_client(("pg_dump",), ("--schema-only",), {**environment, **variables})
    return "\n".join(line for line in text.splitlines() if line and not NOISE.match(line))


def _without_public(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("public."): value for name, value in named.items()}


def _row_reader(connection: psycopg.Connection[Any]) -> ReadRows:
    def read_rows(table: str, columns: tuple[str, ...]) -> Iterable[Row]:
        schema, _, name = table.rpartition(".")
        query = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(
                sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns
            ),
            sql.Identifier(schema or "public", name),
        )
        return connection.execute(query).fetchall()

    return read_rows
