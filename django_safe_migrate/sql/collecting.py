"""
The SQL of an operation that has not run yet, and how far it can be trusted.

Django produces SQL by asking its schema editor to write statements down instead of executing them. What comes out is only as good as
the schema it was asked about: some operations look up the names of constraints in the live database, which earlier pending operations
have not changed yet. Such SQL is ``approximate``; where Django gives up, or the operation runs Python, it is ``unavailable``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from django_safe_migrate.sql.moves import Move, advanced, isolated_state, moves

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration
    from django.db.migrations.state import ProjectState

#: The index of what Django executes after the last operation: foreign keys, indexes.
DEFERRED = -1


class Confidence(enum.StrEnum):
    """How far collected SQL can be trusted to be what will be executed."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    UNAVAILABLE = "unavailable"


@dataclasses.dataclass(frozen=True, slots=True)
class OperationSQL:
    """The statements of one operation; ``index`` is its place in ``Migration.operations``, or ``DEFERRED``."""

    index: int
    statements: tuple[str, ...]
    confidence: Confidence
    reason: str = ""


def collect(
    connection: BaseDatabaseWrapper,
    migration: Migration,
    state: ProjectState,
    backwards: bool = False,
    changed_tables: Collection[str] = (),
) -> tuple[OperationSQL, ...]:
    """
    Return the SQL of one migration: one entry per operation in the order of execution, and one for deferred SQL.

    ``state`` is the project state before the migration, in both directions, and is not changed. ``changed_tables`` are those that
    migrations pending before this one change. Nothing is executed except queries of Django's own introspection.
    """
    return SqlCollector(connection, state, changed_tables).collect(migration, backwards)


class SqlCollector:
    """
    Collects the SQL of a whole plan, remembering what its earlier migrations would have changed.

    ``state`` is the project state without any migration of the plan, in both directions.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        state: ProjectState,
        changed_tables: Collection[str] = (),
    ) -> None:
        self.connection = connection
        self._state = isolated_state(state)
        self._changes = _PendingChanges(set(changed_tables))

    def collect_plan(
        self, plan: Sequence[tuple[Migration, bool]]
    ) -> list[tuple[OperationSQL, ...]]:
        """Return the SQL of each migration of a plan as Django's executor makes it, in its order."""
        if not any(backwards for _, backwards in plan):
            return [self.collect(migration, backwards=False) for migration, _ in plan]
        states = []
        for migration, _ in reversed(plan):
            states.append(self._state)
            self._state = advanced(self._state, migration)
        collected = []
        for (migration, _), state in zip(plan, reversed(states), strict=True):
            self._state = state
            collected.append(self.collect(migration, backwards=True))
        return collected

    def collect(self, migration: Migration, backwards: bool) -> tuple[OperationSQL, ...]:
        """Return the SQL of the next migration of the plan."""
        planned = list(moves(migration, self._state, backwards))
        if not backwards and planned:
            self._state = planned[-1].to_state
        editor: Any = self.connection.schema_editor(collect_sql=True, atomic=migration.atomic)
        # Entering the editor would switch off SQLite's foreign keys, and leaving it would check every row of the database.
        editor.deferred_sql = []
        watch = _Watch()
        with self._transaction(editor), self.connection.execute_wrapper(watch):
            found = [self._operation(editor, watch, move) for move in planned]
            found.append(_deferred(editor, found))
        return tuple(found)

    @contextlib.contextmanager
    def _transaction(self, editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
        """What the editor of an atomic migration opens: some operations refuse to run inside of it."""
        if not editor.atomic_migration:
            yield
            return
        with transaction.atomic(using=self.connection.alias):
            yield
            transaction.set_rollback(True, using=self.connection.alias)

    def _operation(self, editor: Any, watch: _Watch, move: Move) -> OperationSQL:
        reason = move.reason_without_sql()
        if reason:
            self._changes.note(move)
            return OperationSQL(move.index, (), Confidence.UNAVAILABLE, reason)
        written, deferred = len(editor.collected_sql), list(editor.deferred_sql)
        watch.queries.clear()
        try:
            with _savepoint(editor):
                move.execute(editor)
        except Exception as error:  # whatever the operation raises is the reason that we give
            del editor.collected_sql[written:]
            editor.deferred_sql = deferred
            reason = f"Django cannot write it against the present schema: {_sentence(error)}"
            self._changes.note(move)
            return OperationSQL(move.index, (), Confidence.UNAVAILABLE, reason)
        statements = tuple(editor.collected_sql[written:])
        stale = self._changes.mentioned_in(watch.queries, move)
        self._changes.note(move)
        if stale:
            reason = f"It reads the live schema of {' and '.join(stale)}, which an earlier pending operation changes."
            return OperationSQL(move.index, statements, Confidence.APPROXIMATE, reason)
        return OperationSQL(move.index, statements, Confidence.EXACT)


@dataclasses.dataclass(slots=True)
class _PendingChanges:
    """What operations that have not run yet would have changed by now."""

    tables: set[str]
    raw_sql: list[str] = dataclasses.field(default_factory=list)

    def note(self, move: Move) -> None:
        self.tables |= move.tables()
        text = move.raw_sql().strip()
        if text:
            self.raw_sql.append(text)

    def mentioned_in(self, queries: Iterable[str], move: Move) -> tuple[str, ...]:
        """The tables that queries of introspection ask about, and that are not as the live schema shows them."""
        asked = "\n".join(queries)
        changed = {
            table for text in self.raw_sql for table in move.tables() if _mentions(text, table)
        }
        return tuple(sorted(table for table in self.tables | changed if _mentions(asked, table)))


def _mentions(text: str, table: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(table)}(?!\w)", text, re.IGNORECASE) is not None


class _Watch:
    """Remembers the queries that introspection makes, and lets nothing else through to the database."""

    _QUERY = re.compile(r"\s*(SELECT\b|SHOW\b|DESCRIBE\b|EXPLAIN\b|PRAGMA\b[^=]*$)", re.IGNORECASE)
    # A table's storage engine, which Django asks for before it adds an index on MySQL: no operation changes it.
    _ENGINE = re.compile(r"\s*SELECT\s+engine\b", re.IGNORECASE)
    _CONTROL = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b", re.IGNORECASE)

    def __init__(self) -> None:
        self.queries: list[str] = []

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        text = str(sql)
        if self._ENGINE.match(text):
            return execute(sql, params, many, context)
        if self._QUERY.match(text):
            self.queries.append(f"{text} {params}")
        elif not self._CONTROL.match(text):
            raise _StatementRefused(
                f"It executes a statement of its own, {text.split(maxsplit=1)[0].upper()}."
            )
        return execute(sql, params, many, context)


class _StatementRefused(Exception):
    """An operation tried to execute something while its SQL was only to be written down."""


def _deferred(editor: Any, operations: Iterable[OperationSQL]) -> OperationSQL:
    written = len(editor.collected_sql)
    for sql in editor.deferred_sql:
        editor.execute(sql, None)
    statements = tuple(editor.collected_sql[written:])
    if all(operation.confidence is Confidence.EXACT for operation in operations):
        return OperationSQL(DEFERRED, statements, Confidence.EXACT)
    reason = "The SQL of an operation before it is not exact."
    return OperationSQL(DEFERRED, statements, Confidence.APPROXIMATE, reason)


@contextlib.contextmanager
def _savepoint(editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    """Keep a failed query of introspection from failing those of the operations that follow."""
    with (
        transaction.atomic(using=editor.connection.alias)
        if editor.atomic_migration
        else contextlib.nullcontext()
    ):
        yield


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
