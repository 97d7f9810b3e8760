"""How a SQLite file is read for comparison: its own catalogue, its rows, its persistent pragmas."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.real_projects.dumps import (
    DatabaseDump,
    Exclusion,
    ReadRows,
    Row,
    compared_counters,
    read_tables,
)

# Pragmas that are stored in the file and would outlive the command that set them.
PRAGMAS = ("application_id", "auto_vacuum", "encoding", "journal_mode", "page_size", "user_version")


def read_database(
    database: Mapping[str, Any], environment: Mapping[str, str], exclusions: tuple[Exclusion, ...]
) -> DatabaseDump:
    """Read a file that exists; an absent one is an error and never an empty database."""
    address = f"{Path(database['NAME']).resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        return DatabaseDump(
            schema=_read_schema(connection),
            tables=read_tables(_read_columns(connection), _row_reader(connection), exclusions),
            counters=compared_counters(_read_counters(connection), exclusions),
            properties={
                name: str(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in PRAGMAS
            },
        )


def _read_schema(connection: sqlite3.Connection) -> str:
    """Write one statement per object, sorted; an index made by a constraint has a name and no statement."""
    objects = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY tbl_name, type, name"
    )
    return "\n".join(
        f"-- {kind} {name} of {table}\n{_split(sql or '')}" for kind, name, table, sql in objects
    )


def _split(sql: str) -> str:
    """Put every column on its own line: Django writes the whole table on one, which makes a diff unreadable."""
    return sql.replace(", ", ",\n    ")


def _read_columns(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return {
        name: tuple(
            column
            for (column,) in connection.execute("SELECT name FROM pragma_table_xinfo(?)", (name,))
        )
        for (name,) in names.fetchall()
    }


def _row_reader(connection: sqlite3.Connection) -> ReadRows:
    def read_rows(table: str, columns: tuple[str, ...]) -> Iterable[Row]:
        # quote() tells 1 from '1' and writes a blob as hexadecimal digits.
        values = ", ".join(
            f'iif("{column}" IS NULL, NULL, quote("{column}"))' for column in columns
        )
        return connection.execute(f'SELECT {values} FROM "{table}"').fetchall()

    return read_rows


def _read_counters(connection: sqlite3.Connection) -> dict[str, int | None]:
    present = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
    ).fetchone()
    return (
        dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        if present
        else {}
    )
