"""The statements of Django's schema editor for MariaDB and MySQL (``django.db.backends.mysql.schema``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import NOT_PROVIDED, UniqueConstraint

from django_safe_migrate.analysis.statements.definitions import (
    definition,
    given_default,
    one_off_default,
    type_of,
)
from django_safe_migrate.analysis.statements.writer import StatementWriter
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AlterTable,
    ChangeRows,
    ColumnDefinition,
    Default,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropIndexAction,
    ModifyColumn,
    OtherAction,
    SetDefault,
    Statement,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis import changes
    from django_safe_migrate.analysis.schema import Column

#: Types of which no whole column can be indexed.
_LIMITED = ("blob", "text", "json")


class InnoDBWriter(StatementWriter):
    """One action per statement; a column is altered by its whole definition; foreign keys bring their index along."""

    combines_actions = False
    without_unique_options = frozenset({"condition", "deferrable", "include", "nulls_distinct"})

    def comment_on_table(self, table: str) -> Statement:
        return self.action(table, OtherAction(keywords="COMMENT"))

    # --- columns ------------------------------------------------------------------------------------------------------------

    def add_column(self, column: Column) -> Iterator[Statement]:
        actions: list[Action] = [
            AddColumn(column=definition(column, default=self.default_of(column)))
        ]
        if column.references:
            actions.append(self.adding_foreign_key(column))
        yield AlterTable(table=column.table, actions=tuple(actions))
        yield from self.after_adding(column)
        if self._skips_default(column) and column.field.default not in (None, NOT_PROVIDED):
            yield ChangeRows(kind="update", table=column.table)

    def _skips_default(self, column: Column) -> bool:
        """Whether the column is filled with empty texts without being told."""
        return type_of(column).endswith(("blob", "text")) and given_default(column) in ("", b"")

    def default_of(self, column: Column) -> Default:
        return Default.NONE if self._skips_default(column) else super().default_of(column)

    def drops_default(self, column: Column) -> bool:
        return one_off_default(column) and not self._skips_default(column)

    def without_default(self, column: Column) -> AlterTable:
        dropped = SetDefault(column=column.name) if column.null else DropDefault(column=column.name)
        return self.action(column.table, dropped)

    def comment(self, column: Column) -> Iterator[Statement]:
        return iter(())  # a part of the definition

    def type_action(self, old: Column, new: Column) -> Action:
        # With NULL and the default of the old field: what changes of these has an action of its own.
        before = self._modified(old)
        changed = dataclasses.replace(self._modified(new), null=before.null, default=before.default)
        return ModifyColumn(
            column=new.name, new=changed, old=dataclasses.replace(before, name=new.name)
        )

    def nullability(self, old: Column, new: Column) -> Action:
        # Its type has been changed before.
        changed = self._modified(new)
        return ModifyColumn(
            column=new.name, new=changed, old=dataclasses.replace(changed, null=old.null)
        )

    @staticmethod
    def _modified(column: Column) -> ColumnDefinition:
        """What MODIFY says of a column: keys and constraints stay as they are."""
        return dataclasses.replace(definition(column), primary_key=False, unique=False, check=False)

    def drop_field_index(self, column: Column, suffix: str) -> Iterator[Statement]:
        # The index that came with a foreign key is called what that was.
        name = (
            self.foreign_key_name(column)
            if column.references
            else self.name(column.table, (column.name,), suffix)
        )
        yield DropIndex(names=(name,), table=column.table)

    # --- indexes and constraints --------------------------------------------------------------------------------------------

    def field_index(self, column: Column) -> Iterator[Statement]:
        if not column.references and not type_of(column).endswith(_LIMITED):
            yield from super().field_index(column)

    def rename_index(self, change: changes.IndexRenamed) -> Iterator[Statement]:
        yield self.action(change.table, OtherAction(keywords="RENAME INDEX"))

    def drop_unique(self, table: str, columns: Sequence[str]) -> Iterator[Statement]:
        yield self.action(table, DropIndexAction(name=self.name(table, columns, "_uniq")))

    def drop_check(self, column: Column) -> Iterator[Statement]:
        for statement in super().drop_check(column):
            [action] = statement.actions  # type: ignore[attr-defined]
            dropped: DropConstraint = dataclasses.replace(action, if_exists=True)
            yield self.action(column.table, dropped)

    def drop_constraint(self, table: str, constraint: Any) -> Iterator[Statement]:
        if isinstance(constraint, UniqueConstraint) and not self.is_left_out(constraint):
            yield self.action(table, DropIndexAction(name=constraint.name))
        else:
            yield from super().drop_constraint(table, constraint)


class MariaDBWriter(InnoDBWriter):
    """The same, without indexes of expressions."""

    indexes_expressions = False
