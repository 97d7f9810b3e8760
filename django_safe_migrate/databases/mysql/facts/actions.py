"""What each action of ALTER TABLE costs; the two products answer the questions on which they differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from django_safe_migrate.databases.facts import (
    Blocking,
    FactBook,
    IndexDefinition,
    TableLock,
    TableStorage,
)
from django_safe_migrate.databases.mysql.facts.cost import (
    COPY,
    INSTANT,
    REBUILD,
    REBUILD_SHARED,
    Algorithm,
    Cost,
    Lock,
    Metadata,
    together,
)
from django_safe_migrate.databases.mysql.facts.options import OPTIONS
from django_safe_migrate.databases.mysql.facts.types import type_change
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIndex,
    ColumnDefinition,
    ConstraintKind,
    Default,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndexAction,
    ModifyColumn,
    OtherAction,
    RenameColumn,
    RenameTable,
    SetDefault,
)

OLD_UNKNOWN = "What the column {name} is now is not known, so every row may have to be copied."
KEY_REFUSED = (
    "The server refuses to change the type of the column {name} while a foreign key uses it; "
    "drop the foreign key first and add it again afterwards."
)


class InnoDBActions(FactBook):
    """The costs of single actions on InnoDB."""

    #: ``mariadb`` or ``mysql``.
    name = ""
    #: The algorithm by which an index is built, dropped, or renamed without touching rows.
    for_indexes = Algorithm.INPLACE
    #: The same for changes of names and constraints only.
    for_names = Algorithm.INPLACE

    # --- questions to the products ------------------------------------------------------------------------------------------

    def reshape(
        self, table: str, *, adds: bool = False, drops: bool = False, last: bool = True
    ) -> Cost:
        """The cost of a column more or less, or at another place."""
        return REBUILD

    def filled_by(self, default: Default) -> Cost:
        """The cost of filling a new column for rows that exist."""
        return COPY

    def referenced(self, table: str) -> TableLock:
        """The lock on the table that a new foreign key references."""
        return TableLock(table, "EXCLUSIVE metadata", Blocking.READS_AND_WRITES, Metadata.EXCLUSIVE)

    def not_null(self, table: str) -> Cost:
        """The cost of NOT NULL for a column that may hold NULL."""
        return REBUILD

    def renamed_column(self) -> Cost:
        """The cost of another name for a column."""
        return Cost(algorithm=self.for_names)

    def checked_column(self) -> Cost:
        """The cost of a CHECK in the definition of a column."""
        return COPY

    # --- what the catalogue knows -------------------------------------------------------------------------------------------

    def storage(self, table: str) -> TableStorage:
        """How the table is kept; what is not known is as the server makes new tables."""
        return self.catalogue.storage(table) or TableStorage()

    def has_fulltext(self, table: str) -> bool:
        """Whether the table has a full-text index, and so a hidden column for it."""
        return any(index.method == "fulltext" for index in self.catalogue.indexes(table) or ())

    def indexes_with(self, table: str, column: str) -> tuple[IndexDefinition, ...]:
        """The indexes that have a column, the primary key left out."""
        found = self.catalogue.indexes(table) or ()
        return tuple(one for one in found if column in one.columns and one.name != "PRIMARY")

    # --- actions ------------------------------------------------------------------------------------------------------------

    def cost(self, table: str, action: Action) -> Cost:
        """Return what one action costs; of one that is not known the worst."""
        reader = _COSTS.get(type(action))
        if reader is None:
            return dataclasses.replace(COPY, unknown="What this action costs is not known.")
        found: Cost = reader(self, table, action)
        return found

    def add_column(self, table: str, action: AddColumn) -> Cost:
        column = action.column
        if column.generated == "virtual":
            return INSTANT if not action.position else self.reshape(table, adds=True, last=False)
        costs = [self.reshape(table, adds=True, last=not action.position)]
        if column.generated:
            costs.append(COPY)
        if column.identity:
            costs.append(REBUILD_SHARED)
        if column.unique or column.primary_key:
            costs.append(dataclasses.replace(REBUILD, indexes=("",)))
        if column.check:
            costs.append(self.checked_column())
        if column.references:
            costs.append(self.add_foreign_key(table, column.references))
        return together([*costs, self.filled_by(column.default)])

    def drop_column(self, table: str, action: DropColumn) -> Cost:
        column = self.catalogue.column(table, action.column)
        if column is not None and column.generated == "virtual":
            found = INSTANT
        else:
            found = self.reshape(table, drops=True)
        if self.indexes_with(table, action.column):
            found = together([found, Cost(algorithm=self.for_indexes)])
        return found

    def rename_column(self, table: str, action: RenameColumn) -> Cost:
        return self.renamed_column()

    def modify_column(self, table: str, action: ModifyColumn) -> Cost:
        old = action.old or self.catalogue.column(table, action.column)
        if old is None:
            return dataclasses.replace(COPY, unknown=OLD_UNKNOWN.format(name=action.column))
        new = self._with_collation(table, old, action.new)
        costs = [self._retyped(table, old, new)]
        if old.null and not (new.null or old.primary_key):
            costs.append(self.not_null(table))
        elif new.null and not (old.null or old.primary_key):
            costs.append(REBUILD)
        if action.position:
            costs.append(self.reshape(table, last=False))
        if action.column != new.name:
            costs.append(self.renamed_column())
        if new.unique and not old.unique:
            costs.append(Cost(algorithm=self.for_indexes, indexes=("",)))
        if new.check and not old.check:
            costs.append(self.checked_column())
        return together(costs)

    def _with_collation(
        self, table: str, old: ColumnDefinition, new: ColumnDefinition
    ) -> ColumnDefinition:
        """A definition without a collation means that of the table."""
        default = self.storage(table).collation
        if new.collation or not (default and old.collation):
            return new
        return dataclasses.replace(new, collation=default)

    def _retyped(self, table: str, old: ColumnDefinition, new: ColumnDefinition) -> Cost:
        if (new.identity and not old.identity) or new.generated != old.generated:
            return COPY
        indexed = bool(self.indexes_with(table, old.name))
        redundant = self.storage(table).row_format == "redundant"
        found = type_change(self.name, old, new, indexed=indexed, redundant=redundant)
        if found is Algorithm.COPY:
            return dataclasses.replace(COPY, refused=self._refused_retyping(table, old))
        if found is Algorithm.NOCOPY:
            names = tuple(one.name for one in self.indexes_with(table, old.name))
            return Cost(algorithm=found, indexes=names)
        return Cost(algorithm=found)

    def _refused_retyping(self, table: str, old: ColumnDefinition) -> str:
        """Both ends of a foreign key keep their type."""
        keys = [
            one.columns
            for one in self.catalogue.constraints(table) or ()
            if one.kind is ConstraintKind.FOREIGN_KEY
        ]
        for other in self.catalogue.referencing(table) or ():
            keys += [
                one.referenced_columns
                for one in self.catalogue.constraints(other) or ()
                if one.kind is ConstraintKind.FOREIGN_KEY and one.references == table
            ]
        used = any(old.name in columns for columns in keys)
        return KEY_REFUSED.format(name=old.name) if used else ""

    def change_default(self, table: str, action: SetDefault | DropDefault) -> Cost:
        return INSTANT

    # --- constraints and indexes --------------------------------------------------------------------------------------------

    def add_constraint(self, table: str, action: AddConstraint) -> Cost:
        if action.kind is ConstraintKind.FOREIGN_KEY:
            return self.add_foreign_key(table, action.references)
        if action.kind is ConstraintKind.UNIQUE:
            return Cost(algorithm=self.for_indexes, indexes=(action.name,))
        if action.kind is ConstraintKind.PRIMARY_KEY:
            return REBUILD
        return COPY

    def add_foreign_key(self, table: str, references: str) -> Cost:
        """With ``foreign_key_checks = 1``, which Django leaves on."""
        others = (self.referenced(references),) if references not in {"", table} else ()
        return dataclasses.replace(COPY, others=others)

    def drop_constraint(self, table: str, action: DropConstraint) -> Cost:
        kind = action.kind
        if kind is ConstraintKind.UNKNOWN:
            known = {one.name: one.kind for one in self.catalogue.constraints(table) or ()}
            kind = known.get(action.name, kind)
        if kind is ConstraintKind.PRIMARY_KEY:
            return COPY
        if kind in {ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY}:
            return Cost(algorithm=self.for_names)
        return Cost(algorithm=self.for_indexes)

    def add_index(self, table: str, action: AddIndex) -> Cost:
        return self.index_cost(table, action.name, action.kind)

    def index_cost(self, table: str, name: str, kind: str) -> Cost:
        """The cost of a new index; the first full-text one brings a hidden column."""
        if kind == "fulltext" and not self.has_fulltext(table):
            return dataclasses.replace(REBUILD_SHARED, indexes=(name,))
        lock = Lock.SHARED if kind in {"fulltext", "spatial"} else Lock.NONE
        return Cost(algorithm=self.for_indexes, lock=lock, indexes=(name,))

    def drop_index(self, table: str, action: DropIndexAction) -> Cost:
        return COPY if action.name == "PRIMARY" else Cost(algorithm=self.for_indexes)

    # --- the table ----------------------------------------------------------------------------------------------------------

    def rename_table(self, table: str, action: RenameTable) -> Cost:
        return Cost(lock=Lock.EXCLUSIVE)

    def other(self, table: str, action: OtherAction) -> Cost:
        if action.keywords == "RENAME INDEX":
            return Cost(algorithm=self.for_names)
        for keywords, cost in OPTIONS.items():
            if action.keywords == keywords or action.keywords.startswith(f"{keywords} "):
                return cost
        unknown = f"What {action.keywords} does to the rows is not known."
        return dataclasses.replace(COPY, unknown=unknown)


_COSTS: dict[type[Action], Callable[..., Any]] = {
    AddColumn: InnoDBActions.add_column,
    AddConstraint: InnoDBActions.add_constraint,
    AddIndex: InnoDBActions.add_index,
    DropColumn: InnoDBActions.drop_column,
    DropConstraint: InnoDBActions.drop_constraint,
    DropDefault: InnoDBActions.change_default,
    DropIndexAction: InnoDBActions.drop_index,
    ModifyColumn: InnoDBActions.modify_column,
    OtherAction: InnoDBActions.other,
    RenameColumn: InnoDBActions.rename_column,
    RenameTable: InnoDBActions.rename_table,
    SetDefault: InnoDBActions.change_default,
}
