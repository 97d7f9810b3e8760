"""Watching the operations of one attempt at a migration: seconds, SQL, statement-level retries, how far it came, and what stays."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import RunPython
from django.db.utils import DatabaseError

from django_safe_migrate import events
from django_safe_migrate.execution.interrupts import ensure_not_stopped
from django_safe_migrate.execution.keeping import Keeping, NotKeeping, Undertaking, keep_patiently
from django_safe_migrate.execution.limits import Limits, limits_of
from django_safe_migrate.execution.memory import give_back
from django_safe_migrate.execution.monitoring.watching import NotWatching, Watching
from django_safe_migrate.execution.patience import Patience
from django_safe_migrate.execution.remains import Remains
from django_safe_migrate.execution.repetition import Repetition
from django_safe_migrate.execution.retry import Attempts, RetryPolicy
from django_safe_migrate.execution.statements import StatementLog, Wrapper, capture, text_of
from django_safe_migrate.execution.stop import Stop, Stopped
from django_safe_migrate.sql.tables import flat

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit

#: Seconds between two looks at whether those in the way have left.
LOOK_EVERY = 0.1
#: The place, among a migration's operations, of the SQL that Django defers to its end.
DEFERRED = -1
DEFERRED_DESCRIPTION = "Deferred SQL (foreign keys, indexes)"


@dataclasses.dataclass(frozen=True, slots=True)
class Conduct:
    """
    How steps are carried out: bounds in seconds, and what to call before each attempt at a step and when something happens.

    ``concurrent_timeout`` bounds statements that wait for others without blocking anyone; ``repeats`` counts what was tried again, by
    its scope: statement, operation or migration. ``monitor`` knows who keeps us waiting, ``stop`` whether the plan goes on, ``keeping`` what
    becomes of the data that operations destroy.
    """

    database: Database
    emit: Emit
    retry: RetryPolicy
    lock_timeout: float | None
    statement_timeout: float | None
    before_step: Callable[[], None]
    indexes: dict[tuple[str, str], int]
    #: Called before an operation outside of a transaction, and before a transaction is committed.
    ensure_held: Callable[[], None] = lambda: None
    concurrent_timeout: float | None = None
    repeats: Counter[str] = dataclasses.field(default_factory=Counter)
    monitor: Watching = dataclasses.field(default_factory=NotWatching)
    stop: Stop = dataclasses.field(default_factory=Stop)
    #: Called with the place of a step in the plan once it is committed, outside of a transaction.
    after_step: Callable[[int], None] = lambda index: None
    keeping: Keeping = dataclasses.field(default_factory=NotKeeping)

    def limits(self, migration: Migration) -> Limits:
        """The bounds of one migration, which may have some of its own."""
        return limits_of(migration, Limits(self.lock_timeout, self.statement_timeout))

    def attempts(self) -> Attempts:
        """Count attempts by the policy, and sleep between them as ``sleep`` does."""
        return Attempts(self.retry, self.sleep, fair=self.database.others_queue_behind_us)

    def sleep(self, seconds: float, longest: float) -> None:
        """
        Sleep between two attempts: no longer than those are there who were in the way, and longer while they are.

        An attempt while they are there would be in vain, and keep others waiting once more.
        """
        started = time.monotonic()
        while True:
            is_blocked = self.monitor.is_still_blocked()
            if is_blocked is False:
                return
            left = (longest if is_blocked else seconds) - (time.monotonic() - started)
            if left <= 0:
                return
            self.stop.sleep(min(left, LOOK_EVERY))

    def tell_failed_attempt(
        self, scope: str, index: int, number: int, error: str, wait: float
    ) -> None:
        """Count and tell that something is tried again after so many seconds, and who was in the way."""
        self.repeats[scope] += 1
        self.emit(
            events.ATTEMPT_FAILED,
            index=index,
            attempt=number,
            error=error,
            wait=wait,
            scope=scope,
            blockers=[blocker.to_json() for blocker in self.monitor.blockers()],
        )


class StepObserver:
    """Watches one attempt at one step."""

    def __init__(self, conduct: Conduct, index: int) -> None:
        self._conduct = conduct
        self._database = conduct.database
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
                operation.__dict__[method] = self._wrap(
                    migration, operation, method, places[id(operation)]
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
        with self._operation(DEFERRED, DEFERRED_DESCRIPTION, runs_code=False):
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql[0], None)
                editor.deferred_sql.pop(0)

    def _wrap(
        self, migration: Migration, operation: Operation, method: str, places: list[int]
    ) -> Callable[..., Any]:
        """Wrap one operation; a migration may list the same object at several places."""
        backwards = method == "database_backwards"
        original, description = getattr(operation, method), operation.describe()
        runs_code = any(isinstance(part, RunPython) for part in flat(operation))

        def carry_out(app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> Any:
            states = (to_state, from_state) if backwards else (from_state, to_state)
            undertaking = Undertaking(
                migration, places[0], operation, backwards, schema_editor, *states
            )
            keep_patiently(undertaking, self._conduct, self._index)
            with self._operation(places.pop(0), description, runs_code=runs_code) as remains:
                if not self._connection.in_atomic_block:
                    self._conduct.ensure_held()
                repetition = Repetition(self._conduct, self._index, self.patience, schema_editor)
                result = repetition.carry_out(
                    lambda: self._conduct.keeping.carry_out(
                        undertaking,
                        lambda: original(app_label, schema_editor, from_state, to_state),
                    ),
                    remains,
                )
            self._conduct.keeping.put_back(undertaking)
            return result

        return carry_out

    @contextmanager
    def _operation(self, place: int, description: str, *, runs_code: bool) -> Iterator[Remains]:
        self._stand()
        about = {"index": self._index, "operation": place, "description": description}
        self._conduct.emit(events.OPERATION_STARTED, **about)
        self.failed_operation, self.failed_description = place, description
        log, remains = StatementLog(), Remains(self._conduct.database)
        started = time.perf_counter()
        try:
            with self._noting(remains), capture(self._connection, log, self.patience):
                yield remains
        except (Exception, KeyboardInterrupt) as error:
            give_back(error)
            self._note_failure(about, remains, error, runs_code=runs_code)
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

    def _note_failure(
        self, about: dict[str, Any], remains: Remains, error: BaseException, *, runs_code: bool
    ) -> None:
        """Note what an operation that raised has left; code may have used connections that are not watched."""
        is_nothing = remains.is_nothing()
        stays = is_nothing is False and not self._database.is_lock_error(error)
        self.failed_half_way = remains.after_failure or stays
        self.left_something = self.left_something or self.failed_half_way
        left_nothing = is_nothing is True and not runs_code
        self._conduct.emit(events.OPERATION_FAILED, **about, left_nothing=left_nothing)

    def _stand(self) -> None:
        """Stand still before an operation if that is asked for, but not in a transaction, whose locks would keep others waiting."""
        if self._connection.in_atomic_block:
            self._conduct.stop.check()
        else:
            self._conduct.stop.stand()

    @contextmanager
    def _noting(self, remains: Remains) -> Iterator[None]:
        """Note what the statements leave behind; an operation that swallowed the error of one that was stopped has not succeeded."""
        stopped: list[Stopped] = []

        def wrapper(
            execute: Wrapper, sql: Any, params: Any, many: bool, context: dict[str, Any]
        ) -> Any:
            leftovers = self.patience.leftovers
            if leftovers.under_way:
                return execute(sql, params, many, context)
            text = text_of(sql, self._connection)
            try:
                self._conduct.stop.check()
            except Stopped as error:
                stopped.append(error)
                raise
            outer = sys.exception()
            try:
                result = execute(sql, params, many, context)
            except Exception as error:
                if isinstance(error, Stopped):
                    stopped.append(error)
                remains.failed(text, error, is_harmless=leftovers.last_is_harmless)
                raise
            except KeyboardInterrupt as stop:
                self._note_interruption(remains, text, stop, outer)
                raise
            remains.executed(text)
            return result

        with self._connection.execute_wrapper(wrapper):
            yield
        ensure_not_stopped()
        if stopped:
            raise stopped[0]

    def _note_interruption(
        self, remains: Remains, text: str, stop: BaseException, outer: BaseException | None
    ) -> None:
        """Note a statement that ended with a signal: the server's error, if that is how it ended, is what the signal came upon."""
        errors: Any = (DatabaseError, self._connection.Database.Error)  # type: ignore[attr-defined]
        error = stop.__context__
        while error is not None and error is not outer:
            if isinstance(error, errors):
                remains.failed(text, error)
                return
            error = error.__context__
        remains.interrupted(text)
