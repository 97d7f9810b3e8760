"""
What a statement really does on a PostgreSQL server: its locks, and which tables it reads, writes anew and builds indexes of.

Everything is about tables and indexes that existed before the statement, which are those that others can wait for.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases.postgresql.errors import sqlstate
from tests.databases.conftest import eventually, run
from tests.servers.base import open_connection

#: A statement that cannot run in a transaction.
ACTIVE_SQL_TRANSACTION = "25001"

_NAME = """CASE WHEN pg_table_is_visible({0}.oid) THEN {0}.relname::text
    ELSE {0}.relnamespace::regnamespace::text || '.' || {0}.relname END"""
#: An index goes by the name of its table: a lock on it that keeps the planner out keeps every query of the table out.
_RELATIONS = f"""
    SELECT c.oid, c.relname::text, {_NAME.format("t")}, c.relkind::text, pg_relation_filenode(c.oid), t.reltuples::bigint,
           pg_relation_size(t.oid)
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I', 'S')
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)
"""
_LOCKS = "SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND pid = %s"
_WAITS = "SELECT 1 FROM pg_locks WHERE locktype = 'virtualxid' AND NOT granted AND pid = %s"
_READ = (
    "SELECT c.oid, pg_stat_get_xact_tuples_returned(c.oid) FROM pg_class c WHERE c.oid = ANY(%s)"
)
_READ_EVER = (
    "SELECT c.oid, pg_stat_get_tuples_returned(c.oid) FROM pg_class c WHERE c.oid = ANY(%s)"
)
_MODES = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
_WORDS = {words.title().replace(" ", "") + "Lock": words for words in _MODES}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table, view, index or sequence; ``table`` is an index's table, and the relation itself otherwise."""

    oid: int
    name: str
    table: str
    kind: str
    file: int | None
    rows: int
    #: Those of the table, 0 when it was just emptied.
    bytes: int

    @property
    def is_index(self) -> bool:
        return self.kind in {"i", "I"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one statement was seen to do."""

    #: The strongest lock by table; those on sequences apart.
    locks: dict[str, str]
    sequence_locks: dict[str, str]
    #: Tables of which all rows were read.
    read: set[str]
    rewritten: set[str]
    #: Pairs of a table and an index that was built on it.
    built: set[tuple[str, str]]
    #: The names of each table's indexes afterwards.
    indexes: dict[str, set[str]]
    refused_in_transaction: bool = False
    #: Whether it waited for another transaction to end, rather than for a lock on a table.
    waits_for_transactions: bool = False


def relations(connection: BaseDatabaseWrapper) -> dict[int, Relation]:
    """Every relation of the database, by its number."""
    return {
        row[0]: Relation(
            **dict(zip(("oid", "name", "table", "kind", "file", "rows", "bytes"), row, strict=True))
        )
        for row in run(connection, _RELATIONS)
    }


@contextmanager
def rolled_back(connection: BaseDatabaseWrapper, *before: str) -> Iterator[None]:
    """A transaction of which nothing remains."""
    run(connection, "BEGIN", *before)
    try:
        yield
    finally:
        run(connection, "ROLLBACK")


def measure(connection: BaseDatabaseWrapper, sql: str) -> Measured | None:
    """
    Measure a statement inside of a transaction that the caller has begun, and will roll back.

    Returns None when the server refuses it there.
    """
    before = relations(connection)
    read = dict(_ask(connection, _READ, list(before)))
    try:
        run(connection, sql)
    except DatabaseError as error:
        if sqlstate(error) == ACTIVE_SQL_TRANSACTION:
            return None
        raise
    ((pid,),) = run(connection, "SELECT pg_backend_pid()")
    locks = _ask(connection, _LOCKS, pid)
    read_now = dict(_ask(connection, _READ, list(before)))
    return measured(before, relations(connection), locks, _difference(read, read_now))


def measured(
    before: dict[int, Relation],
    after: dict[int, Relation],
    locks: list[tuple[Any, ...]],
    read: dict[int, int],
) -> Measured:
    """Work out from two pictures of the database, and from what was seen between them, what a statement did."""
    full = {
        known.table
        for oid, known in before.items()
        if not known.is_index and 0 < known.rows <= read.get(oid, 0)
    }
    files = {known.file for known in before.values()}
    indexes: dict[str, set[str]] = {}
    for known in after.values():
        if known.is_index:
            indexes.setdefault(known.table, set()).add(known.name)
    existed = {known.table for known in before.values()}
    # Emptying a table gives new files to it and its indexes, and builds nothing.
    new = [
        known for known in after.values() if known.file and known.file not in files and known.bytes
    ]
    return Measured(
        locks=_strongest(before, locks, sequences=False),
        sequence_locks=_strongest(before, locks, sequences=True),
        read=full,
        rewritten={
            before[known.oid].table
            for known in new
            if known.kind in {"r", "m"} and known.oid in before
        },
        built={
            (known.table, known.name) for known in new if known.is_index and known.table in existed
        },
        indexes=indexes,
    )


def _strongest(
    before: dict[int, Relation], locks: list[tuple[Any, ...]], *, sequences: bool
) -> dict[str, str]:
    found: dict[str, str] = {}
    for oid, mode in locks:
        known, words = before.get(oid), _WORDS[mode]
        if known is None or (known.kind == "S") is not sequences:
            continue
        # A weaker lock on an index keeps nobody from its table.
        if known.is_index and words != "ACCESS EXCLUSIVE":
            continue
        found[known.table] = max(words, found.get(known.table, words), key=_MODES.index)
    return found


def _difference(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    return {oid: count - before.get(oid, 0) for oid, count in after.items()}


def _ask(connection: BaseDatabaseWrapper, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def measure_outside(entry: dict[str, Any], sql: str, holding: tuple[str, ...]) -> Measured:
    """
    Measure a statement outside of a transaction, in a database that is thrown away.

    Args:
        entry: of the database in DATABASES.
        sql: the statement, which waits for each of the others in turn.
        holding: what other transactions have done and hold; they are ended one by one, each when the statement waits.
    """
    with contextlib.ExitStack() as stack:
        watcher = stack.enter_context(open_connection(entry))
        worker = stack.enter_context(open_connection(entry))
        before = relations(watcher)
        read = dict(_ask(watcher, _READ_EVER, list(before)))
        ((pid,),) = run(worker, "SELECT pg_backend_pid()")
        # Left last, so that what the others hold is given back before the statement is waited for.
        executor = stack.enter_context(ThreadPoolExecutor(max_workers=1))
        holders = [stack.enter_context(open_connection(entry)) for _ in holding]
        for holder, statement in zip(holders, holding, strict=True):
            run(holder, "BEGIN ISOLATION LEVEL REPEATABLE READ", statement)
        worker.inc_thread_sharing()
        done = executor.submit(run, worker, sql, "SELECT pg_stat_force_next_flush()")
        locks: list[tuple[Any, ...]] = []
        waits: list[tuple[Any, ...]] = []
        for holder in holders:
            ((blocker,),) = run(holder, "SELECT pg_backend_pid()")
            assert eventually(lambda: done.done() or blocker in _blocking(watcher, pid), every=0.01)  # noqa: B023
            locks += _ask(watcher, _LOCKS, pid)
            waits += _ask(watcher, _WAITS, pid)
            run(holder, "ROLLBACK")
        done.result(timeout=30)
        read_now = dict(_ask(watcher, _READ_EVER, list(before)))
        difference = _difference(read, read_now)
        found = measured(before, relations(watcher), locks, difference)
        return dataclasses.replace(
            found, refused_in_transaction=True, waits_for_transactions=bool(waits)
        )


def _blocking(watcher: BaseDatabaseWrapper, pid: int) -> list[int]:
    ((pids,),) = _ask(watcher, "SELECT pg_blocking_pids(%s)", pid)
    found: list[int] = pids
    return found
