"""
What operations do on PostgreSQL, seen in its catalogue and its statistics.

``relfilenode`` changes when a table or an index is written anew ("pg_class" in PostgreSQL's manual). The counters of
``pg_stat_xact_all_tables`` grow by the rows that a scan, the build of an index or the check of a constraint reads; earlier transactions of
the same session may still be in them, so only differences count.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.databases.meters import HeldLock, Measured, Meter
from django_safe_migrate.databases.postgresql.facts.effects import Mode

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

_RELATIONS = """
    SELECT c.oid::bigint,
           CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text ELSE n.nspname || '.' || c.relname END,
           c.relkind::text, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint, coalesce(i.indrelid, 0)::bigint,
           coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(c.oid), 0)::bigint,
           coalesce(pg_catalog.pg_stat_get_tuples_returned(c.oid), 0)::bigint
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'i', 'I') AND c.relpersistence <> 't'
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
_LOCKS = """
    SELECT l.relation::bigint, l.mode FROM pg_catalog.pg_locks l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.locktype = 'relation'
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""
_WRITTEN = "SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_TABLES = frozenset({"r", "p", "m"})
_OUTSIDE = "Locks are not seen outside of a transaction: they end with each statement."


@dataclasses.dataclass(frozen=True, slots=True)
class _Relation:
    name: str
    kind: str
    file: int
    table: int
    read_in_transaction: int
    read_before: int

    @property
    def is_table(self) -> bool:
        return self.kind in _TABLES

    def read(self, in_transaction: bool) -> int:
        """Rows read so far; outside of a transaction some may have been added to the server's statistics already."""
        return self.read_in_transaction + (0 if in_transaction else self.read_before)


#: The oid of a relation and the mode, in the words of ``pg_locks``.
_Locks = frozenset[tuple[int, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Look:
    relations: dict[int, _Relation]
    locks: _Locks
    written: int


class PostgreSQLMeter(Meter):
    """Measures in the session that carries the operations out; asks nothing that its role may not ask."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        #: What was there when the migration began, by oid.
        self._existing: dict[int, _Relation] = {}
        self._before = _Look({}, frozenset(), 0)

    def database_name(self) -> str:
        return str(self.database.ask("SELECT pg_catalog.current_database()")[0][0])

    def prepare(self) -> None:
        # A dump has no statistics before PostgreSQL 18; without them the planner reads whole tables where it has an index.
        with self.database.connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        # Where the server knows it (14): a statement ends with the process that it was for.
        self.database.ask_if_permitted(
            "SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false)"
        )

    def begin_step(self) -> None:
        self._existing = self._relations()

    def locks(self) -> tuple[HeldLock, ...]:
        if not self.database.connection.in_atomic_block:
            return ()
        return tuple(self._held(frozenset(), self._locks()))

    def begin(self) -> None:
        self._before = self._look()

    def end(self) -> Measured:
        before, after = self._before, self._look()
        in_transaction = self.database.connection.in_atomic_block
        built, reused = self._indexes(before, after)
        return Measured(
            locks=tuple(self._held(before.locks, after.locks)) if in_transaction else (),
            rewrites=tuple(sorted(self._rewritten(before, after))),
            scans=dict(sorted(self._scans(before, after, in_transaction))),
            indexes_built=tuple(sorted(built)),
            indexes_reused=tuple(sorted(reused)),
            wal_bytes=max(0, after.written - before.written),
            unseen=() if in_transaction else (_OUTSIDE,),
        )

    def _look(self) -> _Look:
        written = int(self.database.ask(_WRITTEN)[0][0])
        return _Look(self._relations(), self._locks(), written)

    def _locks(self) -> _Locks:
        return frozenset((int(oid), str(mode)) for oid, mode in self.database.ask(_LOCKS))

    def _relations(self) -> dict[int, _Relation]:
        rows = self.database.ask(_RELATIONS)
        return {int(oid): _Relation(str(name), str(kind), *rest) for oid, name, kind, *rest in rows}

    def _held(self, before: _Locks, after: _Locks) -> Iterator[HeldLock]:
        """The strongest lock on each table, and on each index that is locked more than its table, that others see."""
        strongest: dict[int, Mode] = {}
        for oid, name in after:
            if oid in self._existing:
                strongest[oid] = max(strongest.get(oid, Mode.ACCESS_SHARE), _mode(name))
        taken_before = {(oid, _mode(name)) for oid, name in before}
        found = []
        for oid, mode in strongest.items():
            relation = self._existing[oid]
            if not relation.is_table and mode <= strongest.get(relation.table, 0):
                continue
            table = self._named(relation)
            taken = (oid, mode) not in taken_before
            found.append(HeldLock(table, mode.words, mode.blocking.words, taken))
        yield from sorted(found, key=lambda lock: lock.table)

    def _named(self, relation: _Relation) -> str:
        if relation.is_table:
            return relation.name
        table = self._existing.get(relation.table)
        return f"{table.name}.{relation.name}" if table else relation.name

    def _rewritten(self, before: _Look, after: _Look) -> Iterator[str]:
        for oid, relation in before.relations.items():
            now = after.relations.get(oid)
            if oid in self._existing and now and relation.is_table and now.file != relation.file:
                yield now.name

    def _scans(
        self, before: _Look, after: _Look, in_transaction: bool
    ) -> Iterator[tuple[str, int]]:
        for oid, now in after.relations.items():
            was = before.relations.get(oid)
            if was is None or not now.is_table or oid not in self._existing:
                continue
            rows = now.read(in_transaction) - was.read(in_transaction)
            if rows > 0:
                yield now.name, rows

    def _indexes(self, before: _Look, after: _Look) -> tuple[list[str], list[str]]:
        """The indexes that were built on tables that existed, and those that go on with the file of an earlier one."""
        files = {one.file for one in before.relations.values() if not one.is_table}
        built: list[str] = []
        reused: list[str] = []
        for oid, now in after.relations.items():
            was = before.relations.get(oid)
            if now.is_table or now.table not in self._existing or (was and was.file == now.file):
                continue
            table = after.relations.get(now.table)
            name = f"{table.name}.{now.name}" if table else now.name
            (reused if now.file in files else built).append(name)
        return built, reused


def _mode(name: str) -> Mode:
    """Return the mode that ``pg_locks`` calls ``ShareRowExclusiveLock``."""
    words = re.sub(r"(?<!\A)(?=[A-Z])", " ", name.removesuffix("Lock"))
    return Mode.of_words(words)
