"""The statements of a column that is altered, as ``BaseDatabaseSchemaEditor._alter_field`` executes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.statements.defaults import kind_of
from django_safe_migrate.analysis.statements.definitions import (
    is_counted,
    type_of,
)
from django_safe_migrate.analysis.statements.parts import StatementParts
from django_safe_migrate.databases.statements import (
    Action,
    AddConstraint,
    AlterColumnType,
    ChangeRows,
    ConstraintKind,
    Default,
    DropDefault,
    DropNotNull,
    SetDefault,
    SetNotNull,
    Statement,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import ColumnRenamed
    from django_safe_migrate.analysis.schema import Column


class ColumnWriter(StatementParts):
    """Writes the statements of altered columns."""

    @classmethod
    def is_touched(cls, old: Column, new: Column) -> bool:
        """Whether Django executes something when a field's definition differs in what the database does not see, such as its default."""
        return bool(old.references) or is_counted(old) != is_counted(new)

    # --- altering -----------------------------------------------------------------------------------------------------------

    def alter_column(self, old: Column, new: Column) -> Iterator[Statement]:
        """All of it, in Django's order."""
        related = self.related(old, new)
        if old.references:
            yield from self.drop_foreign_key(old)
        if old.unique and (not new.unique or new.primary_key):
            yield from self.drop_unique(old.table, (old.name,))
        for before, _ in related if self.drops_related(old, new) else ():
            if before.references:
                yield from self.drop_foreign_key(before)
        if old.indexed and not new.indexed:
            yield from self.drop_field_index(old, "")
        if old.check and not same_check(old, new):
            yield from self.drop_check(old)
        yield from self.alter_type_and_null(old, new)
        if old.primary_key and not new.primary_key:
            yield self.action(old.table, self.drop_primary_key(old))
        if new.unique and not old.unique:
            yield from self.add_unique(new.table, (new.name,))
        if new.indexed and not old.indexed:
            yield self.index(new)
        yield from self.follow(old, new, related)
        if new.references:
            yield self.foreign_key(new)
        for _, after in related if self.drops_related(old, new) else ():
            if after.references:
                yield self.foreign_key(after)
        if new.check and not same_check(old, new):
            yield self.action(new.table, self.check(new))
        if self.fills_nulls(old, new):
            yield self.without_default(new)

    def alter_type_and_null(self, old: Column, new: Column) -> Iterator[Statement]:
        """Type, defaults, NULL: in one statement where that can be, and in several where rows are filled in between."""
        before, actions, after = self.type_actions(old, new)
        yield from before
        actions = [*actions, *self.default_actions(old, new)]
        nullability = [self.nullability(old, new)] if old.null != new.null else []
        in_four_steps = self.is_filled(old, new)
        yield from self.actions(new.table, actions + ([] if in_four_steps else nullability))
        if in_four_steps:
            yield from self.filling(new)
            yield from self.actions(new.table, nullability)
        yield from after

    def type_actions(
        self, old: Column, new: Column
    ) -> tuple[list[Statement], list[Action], list[Statement]]:
        """What changes the type: statements before, actions, statements after."""
        if not self.changes_type(old, new):
            return [], [], []
        after = list(self.comment(new)) if comment_of(old) != comment_of(new) else []
        return [], [self.type_action(old, new)], after

    def type_action(self, old: Column, new: Column) -> Action:
        """The action that changes a column's type."""
        return AlterColumnType(
            column=new.name, type=type_of(new), old_type=type_of(old), collation=new.collation
        )

    @staticmethod
    def changes_type(old: Column, new: Column) -> bool:
        """Whether Django changes the type, also to the one that it is already, as it does for a comment."""
        if old.type and new.type:
            different = old.type != new.type
        else:
            different = old.declared_type != new.declared_type
        return (
            different
            or is_counted(old) != is_counted(new)
            or old.collation != new.collation
            or comment_of(old) != comment_of(new)
        )

    def default_actions(self, old: Column, new: Column) -> Iterator[Action]:
        """What changes the default of the database."""
        if new.has_db_default:
            if not old.has_db_default or old.db_default != new.db_default:
                yield SetDefault(column=new.name, default=kind_of(new.db_default))
        elif old.has_db_default:
            yield DropDefault(column=new.name)
        if self.fills_nulls(old, new):
            yield SetDefault(column=new.name, default=Default.CONSTANT)

    def filling(self, column: Column) -> Iterator[Statement]:
        """The UPDATE of rows that hold NULL."""
        yield ChangeRows(kind="update", table=column.table, conditional=True)

    def nullability(self, old: Column, new: Column) -> Action:
        """The action that lets a column hold NULL, or not."""
        return DropNotNull(column=new.name) if new.null else SetNotNull(column=new.name)

    def is_filled(self, old: Column, new: Column) -> bool:
        """Whether rows that hold NULL are filled before the column is NOT NULL."""
        if not old.null or new.null:
            return False
        return new.has_db_default or bool(new.field.has_default())

    def fills_nulls(self, old: Column, new: Column) -> bool:
        """Whether new rows get a default until the column is NOT NULL."""
        if not old.null or new.null or not self.drops_default(new):
            return False
        before, after = old.field, new.field
        return not before.has_default() or before.default != after.default

    # --- columns that refer to this one -------------------------------------------------------------------------------------

    def drops_related(self, old: Column, new: Column) -> bool:
        """Whether foreign keys to this column are dropped and made again, because its type changes."""
        kept = (old.primary_key and new.primary_key) or (
            (old.unique or old.primary_key) and (new.unique or new.primary_key)
        )
        return kept and (old.type != new.type or old.collation != new.collation)

    def related(self, old: Column, new: Column) -> list[tuple[Column, Column]]:
        """The columns that refer to this one, before and after, and those that refer to these."""
        became_key = new.primary_key and not old.primary_key
        if not (self.drops_related(old, new) or became_key):
            return []
        return list(self._related(old, new, {(old.table, old.name)}))

    def _related(
        self, old: Column, new: Column, seen: set[tuple[str, str]]
    ) -> Iterator[tuple[Column, Column]]:
        for relation in self.moment.after.referencing(new.table):
            aimed = relation.to_field == new.field_name or (
                new.primary_key and not relation.to_field
            )
            key = (relation.table, relation.column)
            if not aimed or key in seen:
                continue
            seen.add(key)
            before, after = (
                tables.related_column(relation)
                for tables in (self.moment.before, self.moment.after)
            )
            if before is None or after is None:
                continue
            yield before, after
            yield from self._related(before, after, seen)

    def follow(
        self, old: Column, new: Column, related: Sequence[tuple[Column, Column]]
    ) -> Iterator[Statement]:
        """What becomes the primary key, and the types of columns that refer to this one."""
        if new.primary_key and not old.primary_key:
            key = AddConstraint(
                kind=ConstraintKind.PRIMARY_KEY,
                name=self.name(new.table, (new.name,), "_pk"),
                columns=(new.name,),
            )
            yield self.action(new.table, key)
        for before, after in related:
            statements, actions, more = self.type_actions_of_related(before, after)
            yield from statements
            yield from self.actions(after.table, actions)
            yield from more

    def type_actions_of_related(
        self, before: Column, after: Column
    ) -> tuple[list[Statement], list[Action], list[Statement]]:
        """As for any column, but Django does it even when the type is the same."""
        return [], [self.type_action(before, after)], []

    # --- renaming -----------------------------------------------------------------------------------------------------------

    def around_renaming(self, change: ColumnRenamed) -> tuple[Column | None, Column | None]:
        """The column before and after; before, a table that the same operation renames is not known by this name."""
        return (
            self.moment.before.column(change.table, change.old_name),
            self.moment.after.column(change.table, change.new_name),
        )

    @staticmethod
    def is_altered(before: Column, after: Column) -> bool:
        """Whether more than the name differs."""
        same_name = dataclasses.replace(
            before, name=after.name, field_name=after.field_name, check=after.check
        )
        if same_name != after or bool(before.check) != bool(after.check):
            return True
        return before.has_db_default != after.has_db_default or bool(
            before.db_default != after.db_default
        )


def same_check(old: Column, new: Column) -> bool:
    """Return whether two columns have the same CHECK, whatever their names."""
    return old.check.replace(old.name, "") == new.check.replace(new.name, "")


def comment_of(column: Column) -> str:
    """Return the comment of a column, empty without one."""
    return getattr(column.field, "db_comment", None) or ""
