"""What the part of the plan before an operation has done to tables: new ones, new names, constraints not checked yet."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from django.db.migrations.state import ProjectState

from django_safe_migrate.analysis import changes
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AlterTable,
    ChangeRows,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropIndexAction,
    DropTable,
    RenameColumn,
    RenameTable,
    Statement,
    Unread,
    ValidateConstraint,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.live import Live


class SoFar:
    """Tables as the plan has left them at this point."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._created: set[str] = set()
        self._dropped: set[str] = set()
        #: Indexes and constraints that are gone, by table.
        self._removed: set[tuple[str, str]] = set()
        self._live_names: dict[str, str] = {}
        self._unvalidated: set[tuple[str, str]] = set()
        self._validated: set[tuple[str, str]] = set()
        #: Columns that the plan has added, by table; those that came with a new table are not among them.
        self._added: set[tuple[str, str]] = set()
        #: Tables that cannot have had a row, or the plan would have failed before.
        self._empty: set[str] = set()
        #: What was noted, in order, since the last release.
        self.changes: list[Change] = []
        self._released: ProjectState | None = None

    @property
    def released(self) -> ProjectState:
        """The state before the part of the plan that is not released yet; an empty one before anything was looked at."""
        return self._released or ProjectState()

    def start(self, state: ProjectState) -> None:
        """Take the state for that of the release which still runs, unless there is one already."""
        if self._released is None:
            self._released = state

    def release(self) -> None:
        """Take what was done up to here for released: a migration follows that nobody is to look at, since it is not new."""
        self._released = None
        self.changes = []
        self._added.clear()
        self._empty.clear()

    def is_new(self, table: str) -> bool:
        """Whether the table does not exist in the database yet: nobody uses it, and it holds nothing."""
        return table in self._created or self._live.is_missing(self.live_name(table))

    def is_empty(self, table: str) -> bool:
        """Whether a table has no rows, or the plan would have failed before: of a NOT NULL column without a default, for one."""
        return table in self._empty

    def is_new_column(self, table: str, column: str) -> bool:
        """Whether the plan has added a column to a table: no release knows it yet."""
        return (table, column) in self._added

    def live_name(self, table: str) -> str:
        """The name that a table has in the database now."""
        return self._live_names.get(table, table)

    def is_dropped(self, table: str) -> bool:
        """Whether the plan has dropped a table of this name, and made no other."""
        return table in self._dropped

    def present_name(self, live_name: str) -> str:
        """The name that the plan has given to a table of the database."""
        renamed = {live: name for name, live in self._live_names.items()}
        return renamed.get(live_name, live_name)

    def is_removed(self, table: str, name: str) -> bool:
        """Whether the plan has dropped an index or a constraint of this name, or given it another one."""
        return (table, name) in self._removed

    def is_validated(self, table: str, constraint: str) -> bool:
        """Whether every row is known to satisfy a constraint."""
        key = (table, constraint)
        if key in self._unvalidated:
            return False
        return (
            key in self._validated
            or f"{self.live_name(table)}.{constraint}" not in self._live.unvalidated_constraints
        )

    @functools.singledispatchmethod
    def note(self, change: Change) -> None:
        """Take a change into account."""

    @note.register
    def _(self, change: changes.TableCreated) -> None:
        self._create(change.table)

    @note.register
    def _(self, change: changes.TableDropped) -> None:
        self._drop(change.table)

    @note.register
    def _(self, change: changes.TableRenamed) -> None:
        self._rename(change.table, change.new_table)

    @note.register
    def _(self, change: changes.ColumnAdded) -> None:
        self._added.add((change.table, change.column.name))
        if change.column.needs_empty_table:
            self._empty.add(change.table)

    @note.register
    def _(self, change: changes.CodeRun) -> None:
        self._empty.clear()  # it may have made rows

    @note.register
    def _(self, change: changes.ColumnDropped) -> None:
        self._added.discard((change.table, change.column.name))

    @note.register
    def _(self, change: changes.ColumnRenamed) -> None:
        self._rename_column(change.table, change.old_name, change.new_name)

    @note.register
    def _(self, change: changes.IndexDropped) -> None:
        self._removed.add((change.table, change.name))

    @note.register
    def _(self, change: changes.IndexRenamed) -> None:
        self._removed.add((change.table, change.old_name))
        self._removed.discard((change.table, change.new_name))

    @note.register
    def _(self, change: changes.IndexAdded) -> None:
        self._removed.discard((change.table, change.name))

    @note.register
    def _(self, change: changes.ConstraintAdded) -> None:
        self._constrain(change.table, change.constraint.name, validated=not change.not_valid)

    @note.register
    def _(self, change: changes.ConstraintDropped) -> None:
        if change.constraint is not None:
            self._remove(change.table, change.constraint.name)

    @note.register
    def _(self, change: changes.ConstraintValidated) -> None:
        self._validate(change.table, change.name)

    # --- hand-written SQL ---------------------------------------------------------------------------------------------------

    def note_statement(self, statement: Statement) -> None:
        """Take a statement into account that no state knows of."""
        if isinstance(statement, ChangeRows | Unread):
            self._empty.clear()
        if isinstance(statement, CreateTable) and not statement.temporary:
            if not statement.if_not_exists or self._live.is_missing(statement.table):
                self._create(statement.table)
        elif isinstance(statement, DropTable):
            for table in statement.tables:
                self._drop(table)
        elif isinstance(statement, DropIndex):
            for name in statement.names:
                self._removed.add((statement.table, name))
        elif isinstance(statement, AlterTable):
            for action in statement.actions:
                self._note_action(statement.table, action)

    def _note_action(self, table: str, action: Action) -> None:
        if isinstance(action, RenameTable):
            self._rename(table, action.new_name)
        elif isinstance(action, AddConstraint) and action.name:
            self._constrain(table, action.name, validated=not action.not_valid)
        elif isinstance(action, DropConstraint | DropIndexAction):
            self._remove(table, action.name)
        elif isinstance(action, ValidateConstraint):
            self._validate(table, action.name)
        elif isinstance(action, AddColumn) and not action.if_not_exists:
            self._added.add((table, action.column.name))
        elif isinstance(action, DropColumn):
            self._added.discard((table, action.column))
        elif isinstance(action, RenameColumn):
            self._rename_column(table, action.column, action.new_name)

    # --- what they come to --------------------------------------------------------------------------------------------------

    def _create(self, table: str) -> None:
        self._created.add(table)
        self._dropped.discard(table)

    def _drop(self, table: str) -> None:
        self._created.discard(table)
        self._live_names.pop(table, None)
        self._added = {one for one in self._added if one[0] != table}
        self._dropped.add(table)
        self._empty.discard(table)

    def _rename(self, table: str, new_table: str) -> None:
        self._dropped.discard(new_table)
        self._dropped.add(table)
        self._empty = {new_table if one == table else one for one in self._empty}
        self._added = {(new_table if one == table else one, name) for one, name in self._added}
        if table in self._created:
            self._created.discard(table)
            self._created.add(new_table)
            return
        self._live_names[new_table] = self._live_names.pop(table, table)

    def _rename_column(self, table: str, name: str, new_name: str) -> None:
        if (table, name) in self._added:
            self._added.discard((table, name))
            self._added.add((table, new_name))

    def _constrain(self, table: str, name: str, *, validated: bool) -> None:
        key = (table, name)
        self._removed.discard(key)
        (self._validated if validated else self._unvalidated).add(key)

    def _remove(self, table: str, name: str) -> None:
        key = (table, name)
        self._removed.add(key)
        self._validated.discard(key)
        self._unvalidated.discard(key)

    def _validate(self, table: str, name: str) -> None:
        self._unvalidated.discard((table, name))
        self._validated.add((table, name))
