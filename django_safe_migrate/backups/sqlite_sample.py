"""The schema of a SQLite database with a sample of its rows, in a file of its own, which is deleted afterwards."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_url

from django_safe_migrate.backups import names
from django_safe_migrate.backups.connector import SampleRequest, Scratch
from django_safe_migrate.backups.sampling import TableSample, choose
from django_safe_migrate.backups.sqlite_scratch import COMPANIONS
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import RehearsalFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.sqlite import SQLiteConnector
    from django_safe_migrate.databases import Database

#: What is made before the rows, and what after: indexes in one go are quicker, and triggers must not fire.
BEFORE, AFTER = ("table",), ("index", "trigger", "view")
#: What a file keeps beside its tables, and Django or an application may look at.
PRAGMAS = ("encoding", "page_size", "user_version", "application_id")
LIVE = "live"


@contextlib.contextmanager
def sample(connector: SQLiteConnector, request: SampleRequest) -> Iterator[Scratch]:
    """Make the file, yield a connection to it, and delete it whatever happens."""
    file = connector.file
    if file is None:
        raise RehearsalFailed(
            f"Database {connector.database.alias!r} is in memory: there is no file to take a sample of."
        )
    path = file.parent / f"{names.scratch_name()}.sqlite3"
    try:
        path.touch(mode=0o600, exist_ok=False)
        with (
            connector.registered(NAME=str(path), OPTIONS={}) as connection,
            connection.wrap_database_errors,
        ):
            notices = _fill(connection.connection, get_database(connection), file, request.rows)
        with connector.registered(NAME=str(path), OPTIONS={}) as connection:
            yield Scratch(connection, str(path), notices)
    finally:
        for left in (path, *(Path(f"{path}{end}") for end in COMPANIONS)):
            left.unlink(missing_ok=True)


def _fill(raw: sqlite3.Connection, database: Database, file: Path, limit: int) -> tuple[str, ...]:
    """Choose the rows, make the schema and copy them, all within the one view that a transaction has of the live file."""
    raw.execute(f"ATTACH DATABASE ? AS {LIVE}", [f"file:{quote_url(str(file.resolve()))}?mode=ro"])
    for name in PRAGMAS:
        value = raw.execute(f"PRAGMA {LIVE}.{name}").fetchone()[0]
        raw.execute(f"PRAGMA main.{name} = {value!r}")
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA main.synchronous = OFF")
    raw.execute("BEGIN")
    try:
        tables, virtual = _tables(raw)
        # As long as there is nothing in the new file, names without a schema are those of the live one.
        chosen = choose(database, tables, limit)
        _make(raw, BEFORE, [*tables, *virtual])
        for table in chosen:
            _copy(raw, table, database.connection.ops.quote_name)
        _copy_sequences(raw)
        _make(raw, AFTER)
        raw.execute("COMMIT")
    except BaseException:
        raw.execute("ROLLBACK")
        raise
    raw.execute(f"DETACH DATABASE {LIVE}")
    return tuple(f"The virtual table {name} is empty in the sample." for name in virtual)


def _tables(raw: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """Return the ordinary tables and the virtual ones; the tables in which a virtual one keeps its content come with it."""
    found = raw.execute(
        f"SELECT name, sql FROM {LIVE}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid"  # noqa: S608
    ).fetchall()
    virtual = [name for name, sql in found if sql.upper().startswith("CREATE VIRTUAL")]
    ordinary = [
        name
        for name, _ in found
        if name not in virtual and not any(name.startswith(f"{one}_") for one in virtual)
    ]
    return ordinary, virtual


def _make(raw: sqlite3.Connection, kinds: tuple[str, ...], only: list[str] | None = None) -> None:
    """Make what has these types, by the very statements that made it."""
    for kind in kinds:
        made = raw.execute(
            f"SELECT name, sql FROM {LIVE}.sqlite_master WHERE type = ? AND sql IS NOT NULL ORDER BY rowid",  # noqa: S608
            [kind],
        ).fetchall()
        for name, sql in made:
            if only is None or name in only:
                raw.execute(sql)


def _copy(raw: sqlite3.Connection, sample: TableSample, quote: Any) -> None:
    """Copy the rows of a table, but for columns that are generated."""
    name = quote(sample.table)
    found = raw.execute(f"PRAGMA main.table_xinfo({name})").fetchall()
    columns = ", ".join(quote(column) for _, column, *_, hidden in found if hidden == 0)
    for condition in sample.conditions(quote):
        end = condition.sql.replace("%s", "?")
        raw.execute(
            f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM {LIVE}.{name} {end}",  # noqa: S608 - quoted
            condition.params,
        )


def _copy_sequences(raw: sqlite3.Connection) -> None:
    """A number that was given once is not given again: the largest may not be in the sample."""
    query = "SELECT count(*) FROM main.sqlite_master WHERE name = 'sqlite_sequence'"
    if raw.execute(query).fetchone()[0]:
        raw.execute("DELETE FROM main.sqlite_sequence")
        raw.execute(
            f"INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM {LIVE}.sqlite_sequence"  # noqa: S608
        )
