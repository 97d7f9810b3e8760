"""
The stage that brings a half-done migration to one of its ends.

Operation by operation, each in the journal before and after it, so that a repair that is killed is repaired like the run before it.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import time
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate import events
from django_safe_migrate.databases.index_repair import index_repair
from django_safe_migrate.exceptions import MigrationFailed, SafeMigrateError
from django_safe_migrate.execution.editing import schema_editor
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.observer import StepObserver
from django_safe_migrate.repair.content_types import rename_content_types
from django_safe_migrate.repair.course import Course
from django_safe_migrate.repair.facets import Kind, models_of
from django_safe_migrate.repair.mending import Mender
from django_safe_migrate.repair.position import Position
from django_safe_migrate.repair.present import Present
from django_safe_migrate.run import Run, StageResult
from django_safe_migrate.stages.execute import conduct_of, keeper_of
from django_safe_migrate.verification import measure

if TYPE_CHECKING:
    from django.db.migrations import Migration

STEP = 0


@dataclasses.dataclass(frozen=True, slots=True)
class CarryOn:
    """The stage ``execute`` of a repair: from a position to the end (``forwards``) or to the beginning of a migration."""

    course: Course
    position: Position
    forwards: bool

    def __call__(self, run: Run) -> StageResult:
        """Do it; what an operation raises fails the stage, and says how far the migration has come."""
        self._ensure_unchanged(run)
        run.baseline = measure(
            run.database,
            run.settings,
            plan=run.plan,
            row_counts=run.backup_row_counts,
            state=run.state_without_plan,
        )
        plan = run.plan.django_plan()
        try:
            run.surroundings.before(run.database.connection, self.course.state.clone(), plan)
        except Exception as error:
            return StageResult("failed", error=self._receiver_failed(run, "pre_migrate", error))
        run.emit(events.STEP_STARTED, index=STEP, attempt=1)
        started = time.perf_counter()
        try:
            self._carry_on(run)
        except Exception as error:
            self._finished(run, "failed", started, error=describe(error))
            return StageResult("failed", error=self._failed(run, error))
        status = "applied" if self.forwards else "unapplied"
        self._finished(run, status, started)
        run.state_after = self._goal_state
        try:
            run.surroundings.after(run.database.connection, run.state_after.clone(), plan)
        except Exception as error:
            return StageResult("failed", error=self._receiver_failed(run, "post_migrate", error))
        return StageResult("passed")

    def _finished(self, run: Run, status: str, started: float, **error: str) -> None:
        seconds = time.perf_counter() - started
        run.emit(events.STEP_FINISHED, index=STEP, status=status, seconds=seconds, **error)

    # --- the work -----------------------------------------------------------------------------------------------------------

    def _ensure_unchanged(self, run: Run) -> None:
        present = Present(run.database)
        there, point = self.course.there(present), self.position.point
        if self.position.inside:
            unchanged = self.course.is_between(point, there)
        else:
            unchanged = self.course.matches(point, there)
        if not unchanged:
            raise SafeMigrateError(
                f"{self._label} is not where it was when it was looked at: somebody changed the schema meanwhile.",
                next_command=f"migrate_repair{run.database_option}",
            )

    def _carry_on(self, run: Run) -> None:
        conduct = conduct_of(run)
        observer = StepObserver(conduct, STEP)
        with run.database.timeouts(conduct.lock_timeout, conduct.statement_timeout):
            self._drop_invalid_indexes(run)
            point = self._completed_point(run, observer)
            method = "database_forwards" if self.forwards else "database_backwards"
            migration = self._separate()
            with schema_editor(run.database.connection, atomic=migration.atomic) as editor:
                with observer.watching(migration, method):
                    for place in self._places(point):
                        self._operation(run, place, editor)
                observer.flush_deferred(editor)
            self._complete(run, observer)
            self._ensure_goal(run)
            operations = [move.operation for move in self.course.moves]
            app_label = self.course.migration.app_label
            rename_content_types(run.database, app_label, operations, forwards=self.forwards)
            record(run.database.connection, self.course.migration, forwards=self.forwards)
            # What was kept is put back with its operation; this one was perhaps carried out by the run that was killed.
            keeper_of(run).finish_step(
                app_label,
                self.course.migration.name,
                self._goal_state,
                backwards=not self.forwards,
            )

    def _drop_invalid_indexes(self, run: Run) -> None:
        """Drop what a concurrent build of this migration left behind: the name would be taken when it is built again."""
        how = index_repair(run.database)
        own = {(one.table, one.name) for one in self.course.varying if one.name}
        for name in run.database.invalid_indexes():
            table, _, index = name.rpartition(".")
            if how is None or (table, index) not in own:
                continue
            sql = how.drop(index)
            with run.database.relaxed_for(sql), run.database.connection.cursor() as cursor:
                cursor.execute(sql)
            run.emit(events.NOTICE, message=f"{self._label}: dropped the invalid index {name}.")

    def _completed_point(self, run: Run, observer: StepObserver) -> int:
        """Complete the operation that has done part of its work; return how many are in the database then."""
        if not self.position.inside:
            return self.position.point
        place = self.position.point
        move = self.course.moves[place]
        description = f"Complete: {move.operation.describe()}"
        self._mend(run, observer, self.position.lacking, move.to_state)
        run.emit(events.NOTICE, message=f"{self._label}, operation {place + 1}: {description}.")
        return place + 1

    def _places(self, point: int) -> list[int]:
        if self.forwards:
            return list(range(point, self.course.length))
        return list(reversed(range(point)))

    def _separate(self) -> Migration:
        """The migration with the operations of the course, which are copies: those of the file stay as they are."""
        migration: Any = copy.copy(self.course.migration)
        migration.operations = [move.operation for move in self.course.moves]
        return cast("Migration", migration)

    def _operation(self, run: Run, place: int, editor: Any) -> None:
        move = self.course.moves[place]
        if not self.forwards:
            move = dataclasses.replace(
                move, from_state=move.to_state, to_state=move.from_state, backwards=True
            )
        operation = move.operation
        own = operation.atomic or (self.course.migration.atomic and operation.atomic is not False)
        with transaction.atomic(run.database.alias) if own else contextlib.nullcontext():
            move.execute(editor)

    def _complete(self, run: Run, observer: StepObserver) -> None:
        """Make what Django would have made at the end of the run that broke off: foreign keys, indexes."""
        present = Present(run.database)
        wanted = self._goal & self.course.varying
        missing = present.missing(wanted)
        self._mend(run, observer, missing, self._goal_state)
        if missing:
            words = ", ".join(sorted(facet.words for facet in missing))
            run.emit(events.NOTICE, message=f"{self._label}: made what was still missing: {words}.")

    def _mend(self, run: Run, observer: StepObserver, missing: Any, state: Any) -> None:
        models = list(models_of(state.apps.get_models(include_auto_created=True), run.database))
        known = {model._meta.db_table for model in models}
        columns = [
            facet
            for facet in self._goal & self.course.varying
            if facet.kind is Kind.COLUMN and facet.table in known
        ]
        present = Present(run.database)
        mender = Mender(models, present)
        connection = run.database.connection
        with (
            connection.execute_wrapper(observer.patience),
            schema_editor(connection, atomic=self.course.migration.atomic) as editor,
        ):
            mender.add([facet for facet in missing if facet.table in known], editor)
            there = [one for one in columns if present.has(one)]
            mender.drop_leftover_defaults(there, editor)

    def _ensure_goal(self, run: Run) -> None:
        there = self.course.there(Present(run.database))
        wrong = there ^ (self._goal & self.course.varying)
        if wrong:
            words = ", ".join(sorted(facet.words for facet in wrong))
            raise MigrationFailed(
                f"every operation is carried out, and these are not as planned: {words}"
            )

    # --- words --------------------------------------------------------------------------------------------------------------

    @property
    def _goal(self) -> Any:
        return self.course.points[-1 if self.forwards else 0]

    @property
    def _goal_state(self) -> Any:
        return self.course.final_state if self.forwards else self.course.state

    @property
    def _label(self) -> str:
        return f"{self.course.migration.app_label}.{self.course.migration.name}"

    def _failed(self, run: Run, error: Exception) -> MigrationFailed:
        verb = "Finishing" if self.forwards else "Undoing"
        step = run.record.steps[STEP]
        done = [one for one in step.operations if one.finished]
        under_way = next((one.description for one in step.operations if not one.finished), "")
        where = f" in {under_way}" if under_way else ""
        told = error.message if isinstance(error, SafeMigrateError) else describe(error)
        failed = MigrationFailed(
            f"{verb} {self._label} failed{where}: {told}",
            changed=f"The migration is still half done: this repair carried out {len(done)} of its operations, which stay in the database.",
            next_command=f"migrate_repair{run.database_option}   (shows what is there now)",
        )
        failed.__cause__ = error
        return failed

    def _receiver_failed(self, run: Run, signal: str, error: Exception) -> MigrationFailed:
        is_done = bool(run.record.steps_done)
        failed = MigrationFailed(
            f"A receiver of {signal} failed: {describe(error)}",
            changed=f"{self._label} is {'finished and recorded' if is_done else 'half done as before'}; "
            "what the receivers wrote before stays.",
            next_command=f"{'safemigrate' if is_done else 'migrate_repair'}{run.database_option}   (after mending the receiver)",
        )
        failed.__cause__ = error
        return failed


def record(connection: Any, migration: Migration, *, forwards: bool) -> None:
    """Record a migration, or those that it replaces, as applied or unapplied; what is recorded already is left alone."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    own = (migration.app_label, migration.name)
    with transaction.atomic(connection.alias):
        applied = set(recorder.applied_migrations())
        for key in [*migration.replaces, own]:
            if forwards and key not in applied:
                recorder.record_applied(*key)
            elif not forwards:
                recorder.record_unapplied(*key)
