"""Watching the operations of one attempt at a migration: seconds, SQL, statement-level retries, and how far it came."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.retry import Attempts, RetryPolicy
from django_safe_migrate.execution.statements import StatementLog, Wrapper, capture

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
    """How steps are carried out: bounds in seconds, and what to call before each step and when something happens."""

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
        #: Operations that reached their end, in the order carried out.
        self.completed: list[int] = []
        #: The operation that raised, and how many of its statements had succeeded before.
        self.failed_operation: int | None = None
        self.failed_description = ""
        self.statements_before_failure = 0
        self._succeeded = 0

    @contextmanager
    def watching(self, migration: Migration, method: str) -> Iterator[None]:
        """
        Wrap ``method`` (``database_forwards`` or ``database_backwards``) of every operation while the block runs.

        On the instances, so that Django's own ``Migration.apply`` drives them and its atomic semantics stay as they are.
        """
        for place, operation in enumerate(migration.operations):
            wrapped = self._wrap(getattr(operation, method), place, operation.describe())
            operation.__dict__[method] = wrapped
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
        self, original: Callable[..., Any], place: int, description: str
    ) -> Callable[..., Any]:
        def carry_out(*args: Any, **kwargs: Any) -> Any:
            with self._operation(place, description):
                return original(*args, **kwargs)

        return carry_out

    @contextmanager
    def _operation(self, place: int, description: str) -> Iterator[None]:
        about = {"index": self._index, "operation": place, "description": description}
        self._conduct.emit(events.OPERATION_STARTED, **about)
        self.failed_operation, self.failed_description, self._succeeded = place, description, 0
        log = StatementLog()
        started = time.perf_counter()
        with capture(self._connection, log, self._execute):
            try:
                yield
            finally:
                self.statements_before_failure = self._succeeded
        self.failed_operation = None
        self.completed.append(place)
        self._conduct.emit(
            events.OPERATION_FINISHED,
            **about,
            seconds=time.perf_counter() - started,
            statements=[dataclasses.asdict(record) for record in log.records()],
            tables=sorted(log.tables),
        )

    def _execute(
        self, execute: Wrapper, sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        with self._conduct.database.relaxed_for(sql):
            attempts = Attempts(self._conduct.retry)
            while True:
                try:
                    result = execute(sql, params, many, context)
                except Exception as error:
                    self._wait_or_raise(attempts, sql, error)
                else:
                    self._succeeded += 1
                    return result

    def _wait_or_raise(self, attempts: Attempts, sql: str, error: Exception) -> None:
        """
        Sleep before a statement is repeated, or raise the error again.

        Outside of a transaction a statement that did not get its lock has done nothing and may be repeated. Inside one, the
        locks had so far would be held while sleeping: the whole migration is repeated instead, by the executor.
        """
        database = self._conduct.database
        repeatable = not self._connection.in_atomic_block and database.can_repeat(sql)
        wait = attempts.next_wait() if repeatable and database.is_lock_error(error) else None
        if wait is None:
            raise error
        self._conduct.emit(
            events.ATTEMPT_FAILED,
            index=self._index,
            attempt=attempts.number,
            error=describe(error),
            wait=wait,
        )
        attempts.wait(wait)
