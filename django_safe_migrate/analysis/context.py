"""What a rule sees besides the operation or change that it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.migrations.state import ProjectState

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    StatementsRun,
    TableRenamed,
    Unrecognised,
)
from django_safe_migrate.analysis.location import operation_line
from django_safe_migrate.analysis.ordering import Order
from django_safe_migrate.analysis.predicting import Predictor, merged, of_code, renamed
from django_safe_migrate.analysis.table_questions import TableQuestions
from django_safe_migrate.analysis.weight import Weights
from django_safe_migrate.databases.facts import strongest
from django_safe_migrate.sql import OperationSQL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.analysis.live import Live
    from django_safe_migrate.analysis.schema import Schema
    from django_safe_migrate.analysis.so_far import SoFar
    from django_safe_migrate.analysis.state_tables import StateTables
    from django_safe_migrate.analysis.walking import Part
    from django_safe_migrate.databases import Database, Server
    from django_safe_migrate.databases.facts import Facts, TableLock
    from django_safe_migrate.databases.statements import Statement
    from django_safe_migrate.findings import Estimate
    from django_safe_migrate.plan import PlannedMigration


class Context(TableQuestions):
    """
    The surroundings of one operation of a plan; the engine makes one per migration and moves it along.

    ``changes`` are those of the migration before the present operation, in the order of execution. ``sql`` is the collected SQL of
    the migration, None when nobody asked for it.
    """

    def __init__(
        self,
        planned: PlannedMigration,
        *,
        schema: Schema,
        live: Live,
        so_far: SoFar,
        sql: tuple[OperationSQL, ...] | None,
        predictor: Predictor | None = None,
        weights: Weights | None = None,
        order: Order | None = None,
    ) -> None:
        super().__init__(live, so_far)
        self.planned = planned
        self.schema = schema
        self.sql = sql
        self.changes: list[Change] = []
        #: What the migrations of the plan come after.
        self.order = order or Order()
        self._part: Part | None = None
        self._predictions = (predictor or Predictor(schema, live)).predictions(so_far)
        self._weights = weights or Weights(live)
        # With the subject itself: a change may hold what cannot be hashed.
        self._statements: dict[int, tuple[Change, tuple[Statement, ...]]] = {}
        self._facts: dict[int, tuple[Change | Statement, tuple[Facts, ...]]] = {}
        self._undoing: dict[int, tuple[Change, tuple[Facts, ...]]] = {}
        self._states = (ProjectState(), ProjectState())
        self._states_of: dict[int, tuple[ProjectState, ProjectState]] = {}
        self._of_change: dict[int, tuple[Change, int]] = {}
        self._held: tuple[TableLock, ...] = ()
        self._noted: set[int] = set()

    def move_to(self, part: Part | None) -> None:
        """Make this operation the present one; None when the migration as a whole is looked at."""
        self._part = part
        if part is not None:
            self._states = (self.before, self.after)
            self._so_far.start(self.before)

    # --- where we are -------------------------------------------------------------------------------------------------------

    @property
    def backwards(self) -> bool:
        """Whether the migration is unapplied."""
        return self.planned.backwards

    @property
    def app_label(self) -> str:
        """The app of the migration."""
        return self.planned.app_label

    @property
    def operation(self) -> Operation:
        """The present operation; nested ones are seen one by one."""
        return self._present.operation

    @property
    def before(self) -> ProjectState:
        """The project state that the database is in when the operation starts."""
        return self._present.later if self.backwards else self._present.earlier

    @property
    def tables(self) -> StateTables:
        """The tables that the database has when the operation starts, as the project state knows them."""
        return self._predictions.tables(self.before)

    @property
    def after(self) -> ProjectState:
        """The project state that the database is in when the operation is done."""
        return self._present.earlier if self.backwards else self._present.later

    @property
    def is_nested(self) -> bool:
        """Whether the present operation is a part of a ``SeparateDatabaseAndState``."""
        return self._present.is_nested

    @property
    def _present(self) -> Part:
        if self._part is None:
            raise LookupError("A check of a whole migration has no present operation.")
        return self._part

    def place(self) -> dict[str, Any]:
        """The fields of a finding that say where it was found."""
        if self._part is None:
            return {"file": self.planned.file}
        planned = self._part.planned
        line = operation_line(self.planned.file, planned.index)
        return {
            "file": self.planned.file,
            "line": line,
            "operation": self._part.operation.describe(),
        }

    # --- the database -------------------------------------------------------------------------------------------------------

    @property
    def vendor(self) -> str:
        """Django's name of the database's vendor."""
        return str(self.schema.connection.vendor)

    @property
    def product(self) -> str:
        """The vendor, or ``mariadb`` where the connection says so."""
        return self.live.product or self.vendor

    @property
    def database(self) -> Database | None:
        """The live database, None when it cannot be asked."""
        return self.live.database

    @property
    def runs_in_transaction(self) -> bool:
        """Whether the whole migration is one transaction, schema changes included."""
        return bool(
            self.planned.migration.atomic and self.schema.connection.features.can_rollback_ddl
        )

    def quoted(self, name: str) -> str:
        """A name as SQL writes it."""
        return self.schema.connection.ops.quote_name(name)

    # --- statements and facts -----------------------------------------------------------------------------------------------

    @property
    def server(self) -> Server:
        """Product and version that facts are told for."""
        return self._predictions.server

    def statements(self, change: Change) -> tuple[Statement, ...]:
        """What Django executes for a change of this migration, in order; hand-written SQL as it was read."""
        known = self._statements.get(id(change))
        if known is None:
            written = self._written(change)
            made = self._predictions.statements(change, *self._states, written)
            known = self._statements[id(change)] = (change, made)
            if isinstance(change, StatementsRun | Unrecognised):
                places = {id(one): (change, place) for place, one in enumerate(made)}
                self._of_change.update(places)
        return known[1]

    def statement_facts(self, subject: Change | Statement) -> tuple[Facts, ...]:
        """
        What each statement of a change does, or one statement alone, in order; they say nothing of tables that are new.

        They are told for the moment of the change's operation, and kept: a check of the whole migration gets the same.
        """
        known = self._facts.get(id(subject))
        if known is None:
            known = self._facts[id(subject)] = (subject, self._predicted(subject))
        return known[1]

    def facts(self, subject: Change | Statement) -> Facts:
        """What a change or a statement does in all: the strongest lock on each table, everything that is read or written anew."""
        return merged(self.statement_facts(subject))

    def estimate(self, subject: Change | Statement) -> Estimate | None:
        """How long a change or a statement works on its tables as they are now, None when that is not known."""
        return self.estimate_of(*self.statement_facts(subject))

    def estimate_of(self, *facts: Facts) -> Estimate | None:
        """How long statements of this moment work on their tables as they are now, None when that is not known."""
        return self._weights.of(*facts, live_name=self._so_far.live_name)

    def estimated_scan(self, tables: Iterable[str]) -> Estimate | None:
        """How long it takes to read these tables once, None when that is not known; new ones take no time."""
        existing = [self._so_far.live_name(table) for table in tables if not self.is_new(table)]
        return self._weights.of_scan(existing)

    def undoing(self, change: Change) -> tuple[Facts, ...]:
        """What each statement of undoing a change of this migration does. Told once, and kept."""
        if id(change) not in self._undoing:
            self._undoing[id(change)] = (change, self._undone(change))
        return self._undoing[id(change)][1]

    def _undone(self, change: Change) -> tuple[Facts, ...]:
        inverse = change.inverse()
        if inverse is None or isinstance(inverse, CodeRun):
            return () if inverse is None else (of_code(inverse),)
        before, after = self._states_of.get(id(change), self._states)
        statements = self._predictions.statements(inverse, after, before)
        return self._predictions.facts(statements, after, before)

    @property
    def held(self) -> tuple[TableLock, ...]:
        """Locks on existing tables that earlier changes of this migration have left held until its transaction ends."""
        return self._held

    def note_statement(self, statement: Statement) -> None:
        """Take a statement into account when the rules have looked at it, so that what it makes is new to those after it."""
        self.statement_facts(statement)  # now, as below
        self._so_far.note_statement(statement)
        self._noted.add(id(statement))

    def note(self, change: Change) -> None:
        """Take a change into account when the rules have looked at it."""
        facts = self.statement_facts(change)  # now: later the tables are others
        self.pass_over(change)
        self.changes.append(change)
        self._states_of[id(change)] = self._states
        if self.runs_in_transaction:
            self._hold(change, facts)

    def pass_over(self, change: Change) -> None:
        """Take a change into account that no rule looks at."""
        self._so_far.note(change)
        self._so_far.changes.append(change)
        if isinstance(change, StatementsRun | Unrecognised):
            for statement in self.statements(change):
                if id(statement) not in self._noted:
                    self._so_far.note_statement(statement)

    def _predicted(self, subject: Change | Statement) -> tuple[Facts, ...]:
        if isinstance(subject, CodeRun):
            return (of_code(subject),)
        if id(subject) in self._of_change:  # what those before it have made is new to it
            change, place = self._of_change[id(subject)]
            return self.statement_facts(change)[place : place + 1]
        statements = self.statements(subject) if isinstance(subject, Change) else (subject,)
        return self._predictions.facts(statements, *self._states)

    def _written(self, change: Change) -> tuple[str, ...]:
        """The collected SQL of an operation that is not one of Django's."""
        if not isinstance(change, Unrecognised) or self._part is None:
            return ()
        return () if self.operation_sql is None else self.operation_sql.statements

    def _hold(self, change: Change, facts: tuple[Facts, ...]) -> None:
        locks = (*self._held, *(lock for one in facts for lock in one.locks))
        self._held = strongest(locks)
        if isinstance(change, TableRenamed):
            self._held = tuple(renamed(self._held, change.table, change.new_table))

    # --- SQL ----------------------------------------------------------------------------------------------------------------

    @property
    def operation_sql(self) -> OperationSQL | None:
        """The SQL of the present operation, None when nobody asked for it."""
        index = self._present.planned.index
        return next((found for found in self.sql or () if found.index == index), None)
