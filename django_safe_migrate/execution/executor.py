"""
Django's migration executor, instrumented.

It adds to Django's: observation of every operation, timeouts set anew for each attempt, retries after a lock timeout, and the record of a
migration in the same transaction as its schema change wherever the database can do that. ``Migration.apply`` and ``unapply`` stay Django's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

import django
from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from django_safe_migrate import events
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.execution.editing import schema_editor
from django_safe_migrate.execution.interrupts import ensure_not_stopped
from django_safe_migrate.execution.observer import Conduct, StepObserver
from django_safe_migrate.execution.step_failed import StepFailed
from django_safe_migrate.execution.stop import Stopped

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration

    from django_safe_migrate.execution.retry import Attempts
    from django_safe_migrate.plan import Plan

MIGRATION = "migration"

#: Carries a step out once: takes the state before and the observer, gives the state after and the step's status.
Attempt = Callable[[ProjectState, StepObserver], tuple[ProjectState, str]]


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
        """Carry a plan out and return the state after it; raise ``StepFailed`` when a step fails, those before it being recorded."""
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
            conduct.stop.settle()
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
        key = (migration.app_label, migration.name)
        index = conduct.indexes[key]
        attempts, limits = conduct.attempts(), conduct.limits(migration)
        while True:
            observer = StepObserver(conduct, index)
            try:
                self._ensure_permitted(attempts, index)
            except Stopped as stopped:
                raise StepFailed(migration, backwards, stopped, observer, conduct) from stopped
            conduct.emit(events.STEP_STARTED, index=index, attempt=attempts.number)
            started = time.perf_counter()
            try:
                conduct.monitor.begin_step(index, limits.lock)
                with conduct.database.timeouts(limits.lock, limits.statement):
                    state, status = attempt(state, observer)
            except Exception as error:
                ensure_not_stopped()
                failure = StepFailed(migration, backwards, error, observer, conduct)
                self._wait_or_fail(attempts, failure, index)
                state = state if backwards else self.state_before(migration)
            else:
                self._carried_out.add(key)
                seconds = time.perf_counter() - started
                conduct.emit(events.STEP_FINISHED, index=index, status=status, seconds=seconds)
                conduct.after_step(index)
                return state

    def _ensure_permitted(self, attempts: Attempts, index: int) -> None:
        """Ask before every attempt; a step that was tried before has failed when the answer is no."""
        conduct = self._required_conduct()
        try:
            conduct.stop.stand()
            conduct.before_step()
        except (SafeMigrateError, Stopped) as error:
            if attempts.number > 1:
                told = error.message if isinstance(error, SafeMigrateError) else str(error)
                self._emit_failed(index, attempts, told)
            raise

    def _wait_or_fail(self, attempts: Attempts, failure: StepFailed, index: int) -> None:
        """Sleep before the step is tried again, or record its failure and raise it."""
        wait = attempts.next_wait() if failure.is_repeatable else None
        if wait is None:
            self._emit_failed(index, attempts, str(failure))
            raise failure from failure.error
        failure.conduct.tell_failed_attempt(MIGRATION, index, attempts.number, str(failure), wait)
        # The question before the next attempt has the same answer, and tells it.
        with suppress(Stopped):
            attempts.wait(wait)

    def _emit_failed(self, index: int, attempts: Attempts, error: str) -> None:
        self._required_conduct().emit(
            events.STEP_FINISHED,
            index=index,
            status="failed",
            seconds=attempts.seconds,
            error=error,
        )

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
        with schema_editor(self.connection, atomic=migration.atomic) as editor:
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
        with schema_editor(self.connection, atomic=migration.atomic) as editor:
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
        self._required_conduct().ensure_held()
        self._record(migration, forward=forward)
        return True

    def _record(self, migration: Migration, *, forward: bool) -> None:
        """Record a migration and those that it replaces, all or none of them."""
        within = self.connection.in_atomic_block
        with nullcontext() if within else transaction.atomic(self.connection.alias):
            if django.VERSION >= (6, 0):
                self.record_migration(migration.app_label, migration.name, forward=forward)
            elif forward:
                self.record_migration(migration)  # type: ignore[call-arg, arg-type]
            else:
                for app_label, name in [*migration.replaces, (migration.app_label, migration.name)]:
                    self.recorder.record_unapplied(app_label, name)

    # --- states -----------------------------------------------------------------------------------------------

    def current_state(self) -> ProjectState:
        """Return the state that the applied migrations add up to."""
        return self._state_of(set(self.loader.applied_migrations))

    def state_without(self, plan: Plan) -> ProjectState:
        """Return the state of the applied migrations that are not in the plan: before a plan forwards, after one backwards."""
        planned = {(step.app_label, step.name) for step in plan.steps}
        return self._state_of(set(self.loader.applied_migrations) - planned)

    def state_before(self, migration: Migration, *, backwards: bool = False) -> ProjectState:
        """
        Return the state just before a migration is applied, or just after it is unapplied.

        From what was applied at the start, and what this plan has applied or unapplied since. Migrations of other apps that
        were applied long ago count even if they come later in the order of the graph: their foreign keys belong to the state.
        """
        applied = set(self.loader.applied_migrations)
        applied = applied - self._carried_out if backwards else applied | self._carried_out
        return self._state_of(applied - {(migration.app_label, migration.name)})

    def _state_of(self, keys: set[tuple[str, str]]) -> ProjectState:
        """Return the state these migrations add up to, in the order of a plan on an empty database."""
        state = ProjectState(real_apps=self.loader.unmigrated_apps)
        for migration, _ in self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True):
            if (migration.app_label, migration.name) in keys:
                migration.mutate_state(state, preserve=False)
        return state

    def _required_conduct(self) -> Conduct:
        if self._conduct is None:
            raise RuntimeError("Steps are carried out through carry_out().")
        return self._conduct
