"""Indexes that are there and not used: left behind by a concurrent build that failed or was killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.index_repair import IndexRepair, index_repair
from django_safe_migrate.exceptions import MigrationFailed
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.repair.facets import Facet, Kind
from django_safe_migrate.repair.problem import INVALID_INDEXES, Problem, Session, on_database
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from collections.abc import Collection

    from django_safe_migrate.databases import Database


def find_invalid_indexes(database: Database, expected: Collection[Facet]) -> Iterator[Problem]:
    """
    Yield the invalid indexes: one that an applied migration has made is built anew, any other one is dropped.

    Args:
        database: that is asked.
        expected: the facets of the applied migrations.
    """
    how = index_repair(database)
    if how is None:
        return
    wanted = {
        (one.table, one.name) for one in expected if one.kind in {Kind.INDEX, Kind.CONSTRAINT}
    }
    unnamed = {(one.table, one.columns) for one in expected if one.kind is Kind.FIELD_INDEX}
    for name in database.invalid_indexes():
        table, _, index = name.rpartition(".")
        if builders := how.builders(table):
            yield _under_way(database, table, index, builders)
            continue
        if (attachments := how.attachments(index)) is not None:
            yield _partitioned(database, how, table, index, attachments)
            continue
        is_wanted = (table, index) in wanted or _serves_field(database, table, index, unnamed)
        yield _problem(how, table, index, is_wanted)


def _under_way(database: Database, table: str, index: str, builders: tuple[str, ...]) -> Problem:
    """An index is invalid for as long as it is built or dropped concurrently: that is nobody's leftover."""
    one = len(builders) == 1
    return Problem(
        action=INVALID_INDEXES,
        subject=f"{table}.{index}",
        found=f"The index is invalid, and session{'' if one else 's'} {', '.join(builders)} of the server may be building or dropping it now.",
        remedy="Nothing while that goes on.",
        next_command=f"migrate_repair --invalid-indexes{on_database(database.alias)}   (once it has ended)",
    )


def _partitioned(
    database: Database, how: IndexRepair, table: str, index: str, attachments: tuple[str, ...]
) -> Problem:
    """The index of a partitioned table becomes valid with the last partition's; it may be in the middle of that, so it is never dropped."""
    name = f"{table}.{index}"
    if not attachments:
        return Problem(
            action=INVALID_INDEXES,
            subject=name,
            found="The index is invalid: it is of a partitioned table, and an index of a partition is missing or invalid.",
            remedy="Nothing by itself: mend the indexes of the partitions first; it becomes valid with the last one.",
            next_command=f"dbshell{on_database(database.alias)}   (ALTER INDEX ... ATTACH PARTITION ...)",
        )
    return Problem(
        action=INVALID_INDEXES,
        subject=name,
        found="The index is invalid: it is of a partitioned table, and not every partition has an index that belongs to it.",
        remedy="Build those of the partitions, concurrently, and attach them.",
        statements=attachments,
        repair=lambda session: _carry_out(session, how, name, attachments),
    )


def _serves_field(
    database: Database, table: str, index: str, unnamed: set[tuple[str, tuple[str, ...]]]
) -> bool:
    with database.connection.cursor() as cursor:
        found = database.connection.introspection.get_constraints(cursor, table).get(index)
    # Leftovers of REINDEX CONCURRENTLY carry the name of what they were to replace.
    is_copy = "_ccnew" in index or "_ccold" in index
    return found is not None and not is_copy and (table, tuple(found["columns"])) in unnamed


def _problem(how: IndexRepair, table: str, index: str, is_wanted: bool) -> Problem:
    sql = how.rebuild(index) if is_wanted else how.drop(index)
    why = (
        "Build it anew, concurrently: an applied migration has made it."
        if is_wanted
        else "Drop it, concurrently: no applied migration wants it; a pending one builds it again."
    )
    return Problem(
        action=INVALID_INDEXES,
        subject=f"{table}.{index}",
        found="The index is invalid: it costs every write and serves no query.",
        remedy=why,
        statements=(sql,),
        repair=lambda session: _carry_out(session, how, f"{table}.{index}", (sql,)),
    )


def _carry_out(session: Session, how: IndexRepair, name: str, statements: tuple[str, ...]) -> None:
    database = get_database(session.database.connection)
    before = set(database.invalid_indexes())
    with recorded(session, INVALID_INDEXES) as done:
        for sql in statements:
            try:
                _execute(session, database, sql)
            except Exception as error:
                left = _drop_leftovers(session, database, how, before)
                raise _failed(database, name, sql, error, left) from error
            done(f"{name}: {sql}")
        if name in database.invalid_indexes():
            raise _failed(database, name, statements[-1], None, ())


def _execute(session: Session, database: Database, sql: str) -> None:
    ways = session.ways
    with (
        database.timeouts(ways.lock_timeout, ways.statement_timeout),
        database.relaxed_for(sql),
        database.connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def _drop_leftovers(
    session: Session, database: Database, how: IndexRepair, before: set[str]
) -> tuple[str, ...]:
    """Drop what a build that failed has left besides the index that it was to mend; return what could not be dropped."""
    left = []
    for name in sorted(set(database.invalid_indexes()) - before):
        try:
            _execute(session, database, how.drop(name.rpartition(".")[2]))
        except (DatabaseError, InterfaceError):
            left.append(name)
    return tuple(left)


def _failed(
    database: Database, name: str, sql: str, error: Exception | None, left: tuple[str, ...]
) -> MigrationFailed:
    reason = describe(error) if error is not None else "it is invalid as before"
    more = f", except that the failed build left {', '.join(left)}, invalid too" if left else ""
    return MigrationFailed(
        f"Index {name} could not be mended by {sql}: {reason}",
        changed=f"The index is still invalid; no rows and no other index were changed{more}.",
        next_command=f"migrate_repair --invalid-indexes{on_database(database.alias)}   "
        "(once what keeps it from being built is gone: for a unique index, the duplicates)",
    )
