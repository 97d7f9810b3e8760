"""
The SQL of an operation that has not run yet, and how far it can be trusted.

Django produces SQL by asking its schema editor to write statements down instead of executing them. What comes out is only as good as
the schema it was asked about: some operations look up the names of constraints in the live database, which earlier pending operations
have not changed yet. Such SQL is ``approximate``; where Django gives up, or the operation runs Python, it is ``unavailable``.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import enum
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from django_safe_migrate.sql.tables import flat, model_names

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation
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
        self._state = _isolated_state(state)
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
            self._state = _advanced(self._state, migration)
        collected = []
        for (migration, _), state in zip(plan, reversed(states), strict=True):
            self._state = state
            collected.append(self.collect(migration, backwards=True))
        return collected

    def collect(self, migration: Migration, backwards: bool) -> tuple[OperationSQL, ...]:
        """Return the SQL of the next migration of the plan."""
        moves = list(_moves(migration, self._state, backwards))
        if not backwards and moves:
            self._state = moves[-1].to_state
        editor: Any = self.connection.schema_editor(collect_sql=True, atomic=migration.atomic)
        # Entering the editor would switch off SQLite's foreign keys, and leaving it would check every row of the database.
        editor.deferred_sql = []
        watch = _Watch()
        with self._transaction(editor), self.connection.execute_wrapper(watch):
            found = [self._operation(editor, watch, move) for move in moves]
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

    def _operation(self, editor: Any, watch: _Watch, move: _Move) -> OperationSQL:
        reason = move.reason_without_sql()
        if reason:
            self._changes.note(move)
            return OperationSQL(move.index, (), Confidence.UNAVAILABLE, reason)
        written, deferred, watch.queries = len(editor.collected_sql), list(editor.deferred_sql), 0
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
        stale = self._changes.affecting(move) if watch.queries else ()
        self._changes.note(move)
        if stale:
            reason = f"It reads the live schema of {' and '.join(stale)}, which an earlier pending operation changes."
            return OperationSQL(move.index, statements, Confidence.APPROXIMATE, reason)
        return OperationSQL(move.index, statements, Confidence.EXACT)


@dataclasses.dataclass(frozen=True, slots=True)
class _Move:
    """One operation in the direction of the plan; ``from_state`` is what the database has when it starts."""

    index: int
    operation: Operation
    app_label: str
    from_state: ProjectState
    to_state: ProjectState
    backwards: bool

    def execute(self, editor: BaseDatabaseSchemaEditor) -> None:
        operation = self.operation
        run: Callable[..., None] = (
            operation.database_backwards if self.backwards else operation.database_forwards
        )
        run(self.app_label, editor, self.from_state, self.to_state)

    def reason_without_sql(self) -> str:
        """Why Django must not even be asked: it would execute the Python of an operation nested in another."""
        if self.backwards and not self.operation.reversible:
            return "It cannot be reversed."
        nested = [operation for operation in flat(self.operation) if not operation.reduces_to_sql]
        return (
            f"{type(nested[0]).__name__} runs Python; what it executes is known only when it runs."
            if nested
            else ""
        )

    def tables(self, *, related: bool = False) -> set[str]:
        """The tables of the models that the operation names, and of those that refer to them."""
        names = {name for operation in flat(self.operation) for name in model_names(operation)}
        found: set[str] = set()
        for state in (self.from_state, self.to_state):
            for name in names:
                if (self.app_label, name) in state.models:
                    found |= _model_tables(state.apps, self.app_label, name, related)
        return found

    def raw_sql(self) -> str:
        """The text of hand-written SQL, whose tables we do not know."""
        attribute = "reverse_sql" if self.backwards else "sql"
        return "\n".join(
            str(getattr(operation, attribute, "") or "") for operation in flat(self.operation)
        )


@dataclasses.dataclass(slots=True)
class _PendingChanges:
    """What operations that have not run yet would have changed by now."""

    tables: set[str]
    raw_sql: list[str] = dataclasses.field(default_factory=list)

    def note(self, move: _Move) -> None:
        self.tables |= move.tables()
        text = move.raw_sql().strip()
        if text:
            self.raw_sql.append(text)

    def affecting(self, move: _Move) -> tuple[str, ...]:
        """The tables of this operation that are not as the live schema shows them."""
        return tuple(sorted(table for table in move.tables(related=True) if self._changed(table)))

    def _changed(self, table: str) -> bool:
        word = re.compile(rf"(?<!\w){re.escape(table)}(?!\w)", re.IGNORECASE)
        return table in self.tables or any(word.search(text) for text in self.raw_sql)


class _Watch:
    """Counts the queries that introspection makes, and lets nothing else through to the database."""

    _QUERY = re.compile(r"\s*(SELECT\b|SHOW\b|DESCRIBE\b|EXPLAIN\b|PRAGMA\b[^=]*$)", re.IGNORECASE)
    _CONTROL = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b", re.IGNORECASE)

    def __init__(self) -> None:
        self.queries = 0

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        text = str(sql)
        if self._QUERY.match(text):
            self.queries += 1
        elif not self._CONTROL.match(text):
            raise _StatementRefused(
                f"It executes a statement of its own, {text.split(maxsplit=1)[0].upper()}."
            )
        return execute(sql, params, many, context)


class _StatementRefused(Exception):
    """An operation tried to execute something while its SQL was only to be written down."""


def _moves(migration: Migration, state: ProjectState, backwards: bool) -> Iterator[_Move]:
    if "apps" not in state.__dict__:
        state.apps  # noqa: B018 - rendered once, so that the copies below share the result
    moves = []
    # Copies: Django's RenameField writes into the fields that operations hold.
    for index, operation in enumerate(copy.deepcopy(migration.operations)):
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        from_state, to_state = (after, state) if backwards else (state, after)
        moves.append(_Move(index, operation, migration.app_label, from_state, to_state, backwards))
        state = after
    return reversed(moves) if backwards else iter(moves)


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


def _isolated_state(state: ProjectState) -> ProjectState:
    """Return a copy that shares no field with the original, for Django's RenameField writes into fields."""
    isolated = state.clone()
    isolated.__dict__.pop("apps", None)
    for model_state in isolated.models.values():
        model_state.fields = {
            name: copy.deepcopy(field) for name, field in model_state.fields.items()
        }
    return isolated


def _advanced(state: ProjectState, migration: Migration) -> ProjectState:
    after = _isolated_state(state)
    for operation in copy.deepcopy(migration.operations):
        operation.state_forwards(migration.app_label, after)
    return after


def _model_tables(apps: Apps, app_label: str, name: str, related: bool) -> set[str]:
    options = apps.get_model(app_label, name)._meta
    tables = {
        options.db_table,
        *(field.remote_field.through._meta.db_table for field in options.local_many_to_many),
    }
    if related:
        tables |= {relation.related_model._meta.db_table for relation in options.related_objects}
    return tables


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
