"""Watching the operations of one attempt at a migration: seconds, SQL, statement-level retries, how far it came, and what stays."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.execution.patience import Patience
from django_safe_migrate.execution.remains import Remains
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.statements import StatementLog, Wrapper, capture, text_of

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration

    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit

#: The place, among a migration's operations, of the SQL that Django defers to its end.
DEFERRED = -1
DEFERRED_DESCRIPTION = "Deferred SQL (foreign keys, indexes)"


@dataclasses.dataclass(frozen=True, slots=True)
class Conduct:
    """How steps are carried out: bounds in seconds, and what to call before each attempt at a step and when something happens."""

    database: Database
    emit: Emit
    retry: RetryPolicy
    lock_timeout: float | None
    statement_timeout: float | None
    before_step: Callable[[], None]
    indexes: dict[tuple[str, str], int]


class StepObserver:
    """Watches one attempt at one step."""

    def __init__(self, conduct: Conduct, index: int) -> None:
        self._conduct = conduct
        self._connection = conduct.database.connection
        self._index = index
        #: Carries the statements out.
        self.patience = Patience(conduct, index)
        #: Operations that reached their end, in the order carried out.
        self.completed: list[int] = []
        #: The operation that raised.
        self.failed_operation: int | None = None
        self.failed_description = ""
        #: Whether that operation has left part of its work behind, and whether this attempt has left anything at all.
        self.failed_half_way = False
        self.left_something = False

    @contextmanager
    def watching(self, migration: Migration, method: str) -> Iterator[None]:
        """
        Wrap ``method`` (``database_forwards`` or ``database_backwards``) of every operation while the block runs.

        On the instances, so that Django's own ``Migration.apply`` drives them and its atomic semantics stay as they are.
        """
        places: dict[int, list[int]] = {}
        for place, operation in enumerate(migration.operations):
            places.setdefault(id(operation), []).append(place)
            if len(places[id(operation)]) == 1:
                original = getattr(operation, method)
                operation.__dict__[method] = self._wrap(
                    original, places[id(operation)], operation.describe()
                )
        if method == "database_backwards":
            for repeated in places.values():
                repeated.reverse()
        try:
            yield
        finally:
            for operation in migration.operations:
                operation.__dict__.pop(method, None)

    def flush_deferred(self, editor: BaseDatabaseSchemaEditor) -> None:
        """Execute the editor's deferred SQL now, so that what follows commits together with it."""
        if not editor.deferred_sql:
            return
        with self._operation(DEFERRED, DEFERRED_DESCRIPTION):
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql[0], None)
                editor.deferred_sql.pop(0)

    def _wrap(
        self, original: Callable[..., Any], places: list[int], description: str
    ) -> Callable[..., Any]:
        """Wrap one operation; a migration may list the same object at several places."""

        def carry_out(*args: Any, **kwargs: Any) -> Any:
            with self._operation(places.pop(0), description):
                return original(*args, **kwargs)

        return carry_out

    @contextmanager
    def _operation(self, place: int, description: str) -> Iterator[None]:
        about = {"index": self._index, "operation": place, "description": description}
        self._conduct.emit(events.OPERATION_STARTED, **about)
        self.failed_operation, self.failed_description = place, description
        log, remains = StatementLog(), Remains(self._conduct.database)
        started = time.perf_counter()
        try:
            with capture(self._connection, log, self.patience), self._noting(remains):
                yield
        except Exception:
            self.failed_half_way = remains.after_failure
            self.left_something = self.left_something or remains.after_failure
            raise
        self.left_something = self.left_something or remains.after_success
        self.failed_operation = None
        self.completed.append(place)
        self._conduct.emit(
            events.OPERATION_FINISHED,
            **about,
            seconds=time.perf_counter() - started,
            statements=[dataclasses.asdict(record) for record in log.records()],
            tables=sorted(log.tables),
        )

    @contextmanager
    def _noting(self, remains: Remains) -> Iterator[None]:
        def wrapper(
            execute: Wrapper, sql: Any, params: Any, many: bool, context: dict[str, Any]
        ) -> Any:
            text = text_of(sql, self._connection)
            try:
                result = execute(sql, params, many, context)
            except Exception:
                remains.failed(text)
                raise
            remains.executed(text)
            return result

        with self._connection.execute_wrapper(wrapper):
            yield
