"""
Django's migration executor, instrumented.

It adds to Django's: observation of every operation, timeouts set anew for each attempt, retries after a lock timeout, and the record of a
migration in the same transaction as its schema change wherever the database can do that. ``Migration.apply`` and ``unapply`` stay Django's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import django
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from django_safe_migrate import events
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.observer import Conduct, StepObserver
from django_safe_migrate.execution.retry import Attempts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration

    from django_safe_migrate.plan import Plan

#: Carries a step out once: takes the state before and the observer, gives the state after and the step's status.
Attempt = Callable[[ProjectState, StepObserver], tuple[ProjectState, str]]


class StepFailed(Exception):
    """
    A step raised, for the last time.

    ``is_partial`` is true when part of it stays in the database although it is not recorded; ``completed`` are the places of the operations that
    stay. ``lost_lock`` is true when it never got a lock.
    """

    def __init__(
        self, migration: Migration, backwards: bool, error: Exception, observer: StepObserver
    ) -> None:
        super().__init__(describe(error))
        self.migration = migration
        self.backwards = backwards
        self.error = error
        self.operation = observer.failed_operation
        self.operation_description = (
            observer.failed_description if observer.failed_operation is not None else ""
        )
        self.completed = list(observer.completed)
        self.statements_before_failure = observer.statements_before_failure
        self.is_partial = False
        self.lost_lock = False

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.migration.app_label}.{self.migration.name}"


class SafeMigrationExecutor(MigrationExecutor):
    """Django's executor; ``carry_out`` runs a plan the careful way, everything else is unchanged."""

    connection: BaseDatabaseWrapper

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection, progress_callback=None)
        self._conduct: Conduct | None = None
        self._carried_out: set[tuple[str, str]] = set()

    def carry_out(
        self,
        plan: Plan,
        conduct: Conduct,
        state: ProjectState,
        *,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """
        Carry a plan out and return the state after it.

        Raises:
            StepFailed: a step raised; the steps before it are done and recorded.
        """
        self._conduct = conduct
        self._carried_out = set()
        try:
            return self.migrate(
                list(plan.targets),
                plan=plan.django_plan(),
                state=state,
                fake=fake,
                fake_initial=fake_initial,
            )
        finally:
            self._conduct = None

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Carry one migration out forwards."""

        def attempt(before: ProjectState, observer: StepObserver) -> tuple[ProjectState, str]:
            return self._apply_once(before, migration, observer, fake, fake_initial)

        return self._carry_out_step(state, migration, attempt, backwards=False)

    def unapply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False
    ) -> ProjectState:
        """Carry one migration out backwards."""

        def attempt(before: ProjectState, observer: StepObserver) -> tuple[ProjectState, str]:
            return self._unapply_once(before, migration, observer, fake)

        return self._carry_out_step(state, migration, attempt, backwards=True)

    # --- one step, with its attempts ------------------------------------------------------------------------------------------

    def _carry_out_step(
        self, state: ProjectState, migration: Migration, attempt: Attempt, *, backwards: bool
    ) -> ProjectState:
        conduct = self._required_conduct()
        conduct.before_step()
        key = (migration.app_label, migration.name)
        index = conduct.indexes[key]
        attempts = Attempts(conduct.retry)
        while True:
            conduct.emit(events.STEP_STARTED, index=index, attempt=attempts.number)
            observer = StepObserver(conduct, index)
            started = time.perf_counter()
            try:
                with conduct.database.timeouts(conduct.lock_timeout, conduct.statement_timeout):
                    state, status = attempt(state, observer)
            except Exception as error:
                self._wait_or_fail(
                    attempts, StepFailed(migration, backwards, error, observer), index
                )
                state = state if backwards else self.state_before(migration)
            else:
                self._carried_out.add(key)
                seconds = time.perf_counter() - started
                conduct.emit(events.STEP_FINISHED, index=index, status=status, seconds=seconds)
                return state

    def _wait_or_fail(self, attempts: Attempts, failure: StepFailed, index: int) -> None:
        """Sleep before the step is tried again, or record its failure and raise it."""
        conduct = self._required_conduct()
        failure.lost_lock = conduct.database.is_lock_error(failure.error)
        rolled_back = self._rolls_back(failure.migration)
        failure.is_partial = not rolled_back and (
            bool(failure.completed) or failure.statements_before_failure > 0
        )
        wait = attempts.next_wait() if failure.lost_lock and rolled_back else None
        if wait is None:
            conduct.emit(
                events.STEP_FINISHED,
                index=index,
                status="failed",
                seconds=attempts.seconds,
                error=str(failure),
            )
            raise failure from failure.error
        conduct.emit(
            events.ATTEMPT_FAILED,
            index=index,
            attempt=attempts.number,
            error=str(failure),
            wait=wait,
        )
        attempts.wait(wait)

    def _rolls_back(self, migration: Migration) -> bool:
        """Whether everything that a failed attempt did is undone by its transaction."""
        return bool(migration.atomic) and self._required_conduct().database.can_rollback_ddl

    def _apply_once(
        self,
        state: ProjectState,
        migration: Migration,
        observer: StepObserver,
        fake: bool,
        fake_initial: bool,
    ) -> tuple[ProjectState, str]:
        if fake_initial and not fake:
            fake, state = self.detect_soft_applied(state, migration)
        if fake:
            self._record(migration, forward=True)
            return state, "faked"
        with self._schema_editor(migration) as editor:
            with observer.watching(migration, "database_forwards"):
                state = migration.apply(state, editor)
            observer.flush_deferred(editor)
            recorded = self._record_with(editor, migration, forward=True)
        if not recorded:
            self._record(migration, forward=True)
        return state, "applied"

    def _unapply_once(
        self, state: ProjectState, migration: Migration, observer: StepObserver, fake: bool
    ) -> tuple[ProjectState, str]:
        if fake:
            self._record(migration, forward=False)
            return state, "faked"
        with self._schema_editor(migration) as editor:
            with observer.watching(migration, "database_backwards"):
                state = migration.unapply(state, editor)
            observer.flush_deferred(editor)
            recorded = self._record_with(editor, migration, forward=False)
        if not recorded:
            self._record(migration, forward=False)
        return state, "unapplied"

    # --- recording ------------------------------------------------------------------------------------------------------------

    def _record_with(
        self, editor: BaseDatabaseSchemaEditor, migration: Migration, *, forward: bool
    ) -> bool:
        """
        Record the migration inside the editor's transaction, if it has one; return whether that was done.

        Django does this only forwards and only when no SQL is deferred; otherwise a crash after its commit leaves a schema
        change that is not recorded (``MigrationExecutor.apply_migration``).
        """
        if not (
            editor.atomic_migration and self._required_conduct().database.can_record_in_transaction
        ):
            return False
        self._record(migration, forward=forward)
        return True

    def _record(self, migration: Migration, *, forward: bool) -> None:
        if django.VERSION >= (6, 0):
            self.record_migration(migration.app_label, migration.name, forward=forward)
        elif forward:
            self.record_migration(migration)  # type: ignore[call-arg, arg-type]
        else:
            for app_label, name in [*migration.replaces, (migration.app_label, migration.name)]:
                self.recorder.record_unapplied(app_label, name)

    # --- state and transactions -----------------------------------------------------------------------------------------------

    def current_state(self) -> ProjectState:
        """Return the state that the applied migrations add up to."""
        return self._state_of(set(self.loader.applied_migrations))

    def state_without(self, plan: Plan) -> ProjectState:
        """Return the state of the applied migrations that are not in the plan: before a plan forwards, after one backwards."""
        planned = {(step.app_label, step.name) for step in plan.steps}
        return self._state_of(set(self.loader.applied_migrations) - planned)

    def state_before(self, migration: Migration) -> ProjectState:
        """Return the state just before a migration is applied, from what was applied at the start and by this plan since."""
        applied = set(self.loader.applied_migrations) | self._carried_out
        return self._state_of(applied, until=(migration.app_label, migration.name))

    def _state_of(
        self, keys: set[tuple[str, str]], until: tuple[str, str] | None = None
    ) -> ProjectState:
        """Return the state these migrations add up to, in the order of a plan on an empty database, stopping before ``until``."""
        state = ProjectState(real_apps=self.loader.unmigrated_apps)
        for migration, _ in self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True):
            key = (migration.app_label, migration.name)
            if key == until:
                break
            if key in keys:
                migration.mutate_state(state, preserve=False)
        return state

    @contextmanager
    def _schema_editor(self, migration: Migration) -> Iterator[BaseDatabaseSchemaEditor]:
        """
        Give the schema editor of a migration, and leave no transaction open whatever happens.

        On SQLite Django's editor checks constraints on leaving even after an error; when that raises, it hides the first error and
        its transaction stays open.
        """
        nested = self.connection.in_atomic_block
        editor = self.connection.schema_editor(atomic=migration.atomic)
        first: Exception | None = None
        try:
            with editor:
                try:
                    yield editor
                except Exception as error:
                    first = error
                    raise
        except Exception as error:
            if editor.atomic_migration and self.connection.in_atomic_block and not nested:
                editor.atomic.__exit__(type(error), error, error.__traceback__)
                self.connection.enable_constraint_checking()
            if first is not None and error is not first:
                raise first from None
            raise

    def _required_conduct(self) -> Conduct:
        if self._conduct is None:
            raise RuntimeError("Steps are carried out through carry_out().")
        return self._conduct
