"""Statements that Django executed, compared with those that were predicted."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from django_safe_migrate.databases.statements import (
    AlterTable,
    ChangeRows,
    CreateIndex,
    CreateTable,
    DropTable,
    RemakeTable,
    RenameTable,
    Select,
    SetVariable,
    Statement,
    TransactionControl,
    Unread,
)
from django_safe_migrate.sql.reading import read

_READS = ("SELECT", "SHOW", "PRAGMA", "EXPLAIN", "WITH")
_NEW = "new__"
#: What DROP CONSTRAINT does not say.
_NOT_WRITTEN = ("kind", "references")


@contextlib.contextmanager
def recorded(connection: BaseDatabaseWrapper) -> Iterator[list[str]]:
    """Collect the SQL that is executed meanwhile, queries left out."""
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith(_READS):
            found.append(sql if not params else sql.replace("%s", "1"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def execute(
    connection: BaseDatabaseWrapper,
    operation: Operation,
    states: tuple[ProjectState, ProjectState],
    *,
    backwards: bool = False,
    atomic: bool = True,
) -> None:
    """Let Django carry an operation out; the states are those before and after, in the direction of execution."""
    run = operation.database_backwards if backwards else operation.database_forwards
    with connection.schema_editor(atomic=atomic) as editor:
        run("shop", editor, *states)


@contextlib.contextmanager
def transaction_where_possible(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Keep the locks of PostgreSQL until they were looked at."""
    with transaction.atomic() if connection.vendor == "postgresql" else contextlib.nullcontext():
        yield


def signatures(statements: Iterable[Statement]) -> Counter[str]:
    """What statements come to: their kinds, tables, and the kinds of their actions."""
    found: Counter[str] = Counter()
    for statement in statements:
        for text in _signatures(statement):
            found[text] += 1
    return found


def read_executed(texts: Iterable[str], vendor: str) -> list[Statement]:
    """The statements that were executed; making a table anew on SQLite is one."""
    found = [
        one
        for one in read(tuple(texts), vendor)
        if not isinstance(one, TransactionControl | Select)
    ]
    return list(_remade(found)) if vendor == "sqlite" else found


def _remade(statements: list[Statement]) -> Iterator[Statement]:
    remade: set[str] = set()
    for statement in statements:
        if isinstance(statement, CreateTable) and statement.table.startswith(_NEW):
            remade.add(statement.table.removeprefix(_NEW))
            yield RemakeTable(table=statement.table.removeprefix(_NEW))
        elif not _is_part(statement, remade):
            yield statement


def _is_part(statement: Statement, remade: set[str]) -> bool:
    if isinstance(statement, DropTable):
        return remade.issuperset(statement.tables)
    table = getattr(statement, "table", "")
    if isinstance(statement, ChangeRows | AlterTable) and table.startswith(_NEW):
        return True
    return isinstance(statement, CreateIndex) and table in remade


def _signatures(statement: Statement) -> Iterator[str]:
    kind = type(statement).__name__
    if isinstance(statement, Unread):
        yield f"Unread {statement.text} {statement.reason}"
    elif isinstance(statement, AlterTable):
        actions = sorted(_action(action) for action in statement.actions)
        yield f"{kind} {statement.table}: {', '.join(actions)}"
    elif isinstance(statement, RemakeTable):
        for table in (statement.table, *statement.also):
            yield f"{kind} {table}"
    elif isinstance(statement, DropTable):
        yield f"{kind} {', '.join(statement.tables)}"
    elif isinstance(statement, CreateTable):
        columns = ", ".join(sorted(one.name for one in statement.columns))
        yield f"{kind} {statement.table} ({columns}) -> {', '.join(sorted(set(statement.references)))}"
    elif isinstance(statement, CreateIndex):
        unique = " unique" if statement.unique else ""
        yield f"{kind}{unique} {statement.table} ({', '.join(statement.columns)})"
    elif isinstance(statement, SetVariable):
        yield f"{kind} {statement.name} {statement.value}"
    elif isinstance(statement, ChangeRows):
        yield f"{kind} {statement.kind} {statement.table}"
    else:
        # On some servers the index alone is named.
        yield f"{kind} {getattr(statement, 'names', '') or getattr(statement, 'keywords', '')}"


def _action(action: Any) -> str:
    parts = [type(action).__name__]
    column = getattr(action, "column", "")
    parts.append(column if isinstance(column, str) else _column(column))
    for name in ("kind", "references", "new_name", "type", "keywords", "default"):
        value = getattr(action, name, "")
        if value and not (name in _NOT_WRITTEN and type(action).__name__ == "DropConstraint"):
            parts.append(str(value).replace(", ", ","))
    new = getattr(action, "new", None)
    if new is not None:
        parts.append(_column(new))
    return " ".join(filter(None, parts))


def _column(column: Any) -> str:
    flags = [
        name for name in ("identity", "primary_key", "unique", "check") if getattr(column, name)
    ]
    parts = [column.name, column.type.replace(", ", ","), "null" if column.null else "not null"]
    return " ".join(
        [*parts, str(column.default), column.generated, column.references, *flags]
    ).strip()


def differences(predicted: Counter[str], executed: Counter[str]) -> list[str]:
    """What was only predicted, and what was only executed."""
    return [
        *(f"predicted, not executed: {one}" for one in (predicted - executed).elements()),
        *(f"executed, not predicted: {one}" for one in (executed - predicted).elements()),
    ]


def renamings(statements: Iterable[Statement]) -> dict[str, str]:
    """The old names of tables by their new ones."""
    found: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, AlterTable):
            for action in statement.actions:
                if isinstance(action, RenameTable):
                    found[action.new_name] = found.get(statement.table, statement.table)
    return found


@dataclasses.dataclass(frozen=True)
class Measured:
    """What PostgreSQL says that a transaction has done to the tables that were there before."""

    locks: dict[str, str]
    rewritten: frozenset[str]


_TABLES = """
    SELECT oid, relname::text, pg_relation_filenode(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_LOCKS = """
    SELECT relation, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
"""
#: From the weakest to the strongest, as pg_locks writes them.
MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


def named(mode: str) -> str:
    """The mode as pg_locks writes it, of a name such as SHARE ROW EXCLUSIVE."""
    return "".join(word.capitalize() for word in mode.split()) + "Lock"


def tables_of(connection: BaseDatabaseWrapper) -> dict[int, tuple[str, int]]:
    """Name and file of each table."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return {oid: (name, file) for oid, name, file in cursor.fetchall()}


def measured(connection: BaseDatabaseWrapper, before: dict[int, tuple[str, int]]) -> Measured:
    """What the present transaction has done to these tables."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCKS)
        held = cursor.fetchall()
    strongest: dict[str, str] = {}
    for oid, mode in held:
        if oid in before:
            name = before[oid][0]
            strongest[name] = max(strongest.get(name, mode), mode, key=MODES.index)
    after = tables_of(connection)
    rewritten = (
        name for oid, (name, file) in before.items() if oid in after and after[oid][1] != file
    )
    locks = {name: mode for name, mode in strongest.items() if mode != MODES[0]}
    return Measured(locks, frozenset(rewritten))
