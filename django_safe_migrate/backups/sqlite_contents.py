"""What a file of SQLite holds, read from the file itself."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django_safe_migrate.backups import contents
from django_safe_migrate.databases import RowCount

TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY name"
#: The rows of a virtual table are not its own: they come from other tables, or from outside of the database.
VIRTUAL = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'"
OBJECTS = "SELECT type, count(*) FROM sqlite_master GROUP BY type"
SEQUENCES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'sqlite_sequence'"
#: Values come one row at a time, each as a whole: of a table with one that is longer, in bytes or characters, or with more columns, there
#: is no checksum, so that memory stays bounded.
LONGEST_VALUE = 1024 * 1024
MOST_COLUMNS = 500
COLUMNS = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a finished file for reading, without making companions beside it."""
    uri = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        yield connection


def read(connection: sqlite3.Connection) -> contents.Contents:
    """Return what a database holds."""
    tables = [row[0] for row in connection.execute(TABLES)]
    applied: list[Any] = []
    if contents.MIGRATIONS in tables:
        query = f"SELECT app, name FROM {contents.MIGRATIONS} ORDER BY id"  # noqa: S608 - a constant of Django
        applied = connection.execute(query).fetchall()
    return contents.Contents(
        applied_migrations=tuple(f"{app}.{name}" for app, name in applied),
        row_counts={table: _count(connection, table) for table in tables},
        objects=_objects(connection),
        server=f"SQLite {sqlite3.sqlite_version}",
    )


def comparable(connection: sqlite3.Connection, found: contents.Contents, below: int) -> list[str]:
    """Return the tables with fewer rows than this whose rows are in the file."""
    virtual = {row[0] for row in connection.execute(VIRTUAL)}
    return [
        table
        for table, count in found.row_counts.items()
        if count.exact
        and count.rows < below
        and table not in virtual
        and _is_light(connection, table)
    ]


def details(connection: sqlite3.Connection, tables: Iterable[str]) -> contents.Details:
    """Return checksums of these tables, and where AUTOINCREMENT stands."""
    return contents.Details(
        {table: _checksum(connection, table) for table in tables}, _sequences(connection)
    )


def _count(connection: sqlite3.Connection, table: str) -> RowCount:
    try:
        rows = connection.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0]  # noqa: S608 - a quoted identifier
    except sqlite3.OperationalError:
        # A virtual table of an extension that this connection does not load.
        return RowCount(0, exact=False)
    return RowCount(rows, exact=True)


def _is_light(connection: sqlite3.Connection, table: str) -> bool:
    columns = [_quoted(name) for (name,) in connection.execute(COLUMNS, [table])]
    if len(columns) > MOST_COLUMNS:
        return False
    long = " OR ".join(f"length({column}) > {LONGEST_VALUE}" for column in columns)
    found = connection.execute(f"SELECT EXISTS (SELECT 1 FROM {_quoted(table)} WHERE {long})")  # noqa: S608 - quoted
    return not found.fetchone()[0]


def _checksum(connection: sqlite3.Connection, table: str) -> str:
    """Add up a digest of each row; texts come as bytes of their own kind, since SQLite stores any."""
    connection.text_factory = bytearray
    try:
        rows = connection.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 - a quoted identifier
        total = sum(
            int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=8).digest(), "big")
            for row in rows
        )
    finally:
        connection.text_factory = str
    return contents.checksum(total)


def _sequences(connection: sqlite3.Connection) -> dict[str, contents.Range]:
    if not connection.execute(SEQUENCES).fetchone()[0]:
        return {}
    # Anybody may write into that table, texts as well.
    found = connection.execute(
        "SELECT name, seq FROM sqlite_sequence WHERE typeof(name) = 'text' AND typeof(seq) = 'integer'"
    )
    return {name: (number, number) for name, number in found}


def _objects(connection: sqlite3.Connection) -> dict[str, int]:
    plural = {"table": "tables", "index": "indexes", "view": "views", "trigger": "triggers"}
    return {plural[kind]: number for kind, number in connection.execute(OBJECTS)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
