"""The parts that the statements of Django's schema editor are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.statements.definitions import one_off_default
from django_safe_migrate.databases.statements import (
    Action,
    AddConstraint,
    AlterTable,
    ConstraintKind,
    CreateIndex,
    Default,
    DropConstraint,
    DropDefault,
    DropIndex,
    OtherObject,
    Statement,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis.schema import Column
    from django_safe_migrate.analysis.statements.moment import Moment


class StatementParts:
    """Parts of statements on one vendor, for one operation."""

    #: Whether several actions go into one ALTER TABLE.
    combines_actions = True

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.schema = moment.before.schema

    def action(self, table: str, *actions: Action) -> AlterTable:
        """ALTER TABLE with these actions."""
        return AlterTable(table=table, actions=actions)

    def actions(self, table: str, actions: Sequence[Action]) -> Iterator[AlterTable]:
        """ALTER TABLE with all of these actions, or one with each."""
        if actions and self.combines_actions:
            yield self.action(table, *actions)
        elif actions:
            yield from (self.action(table, action) for action in actions)

    def name(self, table: str, columns: Sequence[str], suffix: str) -> str:
        """The name that Django gives an index or a constraint."""
        return self.schema.index_name(table, columns, suffix)

    def foreign_key(self, column: Column) -> AlterTable:
        """ADD CONSTRAINT ... FOREIGN KEY."""
        return self.action(column.table, self.adding_foreign_key(column))

    def adding_foreign_key(self, column: Column) -> AddConstraint:
        """The action that adds a column's foreign key."""
        return AddConstraint(
            kind=ConstraintKind.FOREIGN_KEY,
            name=self.foreign_key_name(column),
            columns=(column.name,),
            references=column.references,
        )

    def foreign_key_name(self, column: Column) -> str:
        """The name that Django gives a foreign key of a new column."""
        suffix = (
            f"_fk_{column.references}_{self.moment.after.key_column(column.references) or 'id'}"
        )
        return self.name(column.table, (column.name,), suffix)

    def drop_foreign_key(self, column: Column) -> Iterator[Statement]:
        """DROP CONSTRAINT of a foreign key."""
        dropped = DropConstraint(
            name=self.foreign_key_name(column),
            kind=ConstraintKind.FOREIGN_KEY,
            references=column.references,
        )
        yield self.action(column.table, dropped)

    def add_unique(self, table: str, columns: Sequence[str]) -> Iterator[Statement]:
        """What makes columns unique."""
        added = AddConstraint(
            kind=ConstraintKind.UNIQUE,
            name=self.name(table, columns, "_uniq"),
            columns=tuple(columns),
        )
        yield self.action(table, added)

    def drop_unique(self, table: str, columns: Sequence[str]) -> Iterator[Statement]:
        """What lets columns hold equal values."""
        dropped = DropConstraint(
            name=self.name(table, columns, "_uniq"), kind=ConstraintKind.UNIQUE
        )
        yield self.action(table, dropped)

    def drop_primary_key(self, column: Column) -> Action:
        """The action that drops a primary key."""
        return DropConstraint(
            name=self.name(column.table, (column.name,), "_pk"), kind=ConstraintKind.PRIMARY_KEY
        )

    def check(self, column: Column) -> Action:
        """The action that adds the CHECK of a field."""
        return AddConstraint(
            kind=ConstraintKind.CHECK,
            name=self.name(column.table, (column.name,), "_check"),
            columns=(column.name,),
        )

    def drop_check(self, column: Column) -> Iterator[Statement]:
        """What drops the CHECK of a field."""
        name = self.name(column.table, (column.name,), "_check")
        yield self.action(column.table, DropConstraint(name=name, kind=ConstraintKind.CHECK))

    def field_index(self, column: Column) -> Iterator[Statement]:
        """The index of ``db_index=True``."""
        if column.indexed:
            yield self.index(column)

    def index(self, column: Column) -> CreateIndex:
        """CREATE INDEX of one column."""
        name = self.name(column.table, (column.name,), "")
        return CreateIndex(table=column.table, name=name, columns=(column.name,))

    def field_indexes(self, column: Column) -> Iterator[Statement]:
        """Every index that a new column gets."""
        yield from self.field_index(column)

    def drop_field_index(self, column: Column, suffix: str) -> Iterator[Statement]:
        """DROP INDEX of what ``field_indexes`` made."""
        name = self.name(column.table, (column.name,), suffix)
        yield DropIndex(names=(name,), table=column.table)

    def comment(self, column: Column) -> Iterator[Statement]:
        """COMMENT ON COLUMN."""
        yield OtherObject(
            keywords="COMMENT ON", name=f"{column.table}.{column.name}", table=column.table
        )

    def default_of(self, column: Column) -> Default:
        """What fills a new column of existing rows."""
        return Default.CONSTANT if one_off_default(column) else Default.NONE

    def drops_default(self, column: Column) -> bool:
        """Whether Django drops the default again that it gave existing rows."""
        return one_off_default(column)

    def without_default(self, column: Column) -> AlterTable:
        """What drops that default."""
        return self.action(column.table, DropDefault(column=column.name))
