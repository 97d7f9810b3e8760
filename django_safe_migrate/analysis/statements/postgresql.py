"""The statements of Django's schema editor for PostgreSQL (``django.db.backends.postgresql.schema``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import django

from django_safe_migrate.analysis.statements.definitions import (
    definition,
    is_counted,
    type_of,
)
from django_safe_migrate.analysis.statements.writer import StatementWriter
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AlterColumnType,
    AlterIndex,
    AlterTable,
    CreateIndex,
    DropColumn,
    DropIndex,
    OtherAction,
    OtherObject,
    SetVariable,
    Statement,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis import changes
    from django_safe_migrate.analysis.schema import Column

_TEXTS = ("varchar", "text", "citext")
#: DROP COLUMN has CASCADE before.
_WITHOUT_CASCADE = (6, 0)
_IMMEDIATE = SetVariable(name="constraints", value="immediate")


class PostgreSQLWriter(StatementWriter):
    """
    Several actions per statement, foreign keys inline, a second index for LIKE.

    ``USING column::type`` of a changed type converts as PostgreSQL does by itself, and is not said to be an expression.
    """

    def add_column(self, column: Column) -> Iterator[Statement]:
        added = definition(column, default=self.default_of(column), references=column.references)
        yield AlterTable(table=column.table, actions=(AddColumn(column=added),))
        if column.references:
            yield _IMMEDIATE
        yield from self.after_adding(column)

    def dropping(self, column: Column) -> DropColumn:
        return DropColumn(column=column.name, cascade=django.VERSION[:2] < _WITHOUT_CASCADE)

    def drop_foreign_key(self, column: Column) -> Iterator[Statement]:
        yield _IMMEDIATE
        yield from super().drop_foreign_key(column)

    def drop_field_index(self, column: Column, suffix: str) -> Iterator[Statement]:
        name = self.name(column.table, (column.name,), suffix)
        yield DropIndex(names=(name,), table=column.table, if_exists=True)
        # Django takes an index of any kind on the column for the one of db_index=True, that for LIKE included.
        if not suffix and is_like_indexed(column):
            like = self.name(column.table, (column.name,), "_like")
            yield DropIndex(names=(like,), table=column.table, if_exists=True)

    def drop_index(self, change: changes.IndexDropped) -> Iterator[Statement]:
        name = change.name or self.name(change.table, change.columns, "_idx")
        yield DropIndex(
            names=(name,), table=change.table, concurrently=change.concurrently, if_exists=True
        )

    def rename_index(self, change: changes.IndexRenamed) -> Iterator[Statement]:
        yield AlterIndex(name=change.old_name, keywords="RENAME", table=change.table)

    def drop_constraint(self, table: str, constraint: Any) -> Iterator[Statement]:
        if constraint is not None and self.is_index(constraint):
            yield DropIndex(names=(constraint.name,), table=table, if_exists=True)
        else:
            yield from super().drop_constraint(table, constraint)

    def method(self, index: Any) -> str:
        suffix = getattr(index, "suffix", "idx")
        return "" if suffix == "idx" else _METHODS.get(suffix, suffix)

    # --- indexes of fields --------------------------------------------------------------------------------------------------

    def field_indexes(self, column: Column) -> Iterator[Statement]:
        yield from self.field_index(column)
        yield from self.like_index(column)

    def like_index(self, column: Column) -> Iterator[Statement]:
        """A second index of text, so that LIKE finds its rows whatever the collation."""
        if is_like_indexed(column):
            name = self.name(column.table, (column.name,), "_like")
            yield CreateIndex(table=column.table, name=name, columns=(column.name,))

    def alter_column(self, old: Column, new: Column) -> Iterator[Statement]:
        yield from super().alter_column(old, new)
        was_indexed, is_indexed = old.indexed or is_unique(old), new.indexed or is_unique(new)
        if (
            (not was_indexed and new.indexed)
            or (is_unique(new) and not is_unique(old))
            or leaves_text(old, new)
        ):
            yield from self.like_index(new)
        if is_unique(old) and not is_indexed:
            name = self.name(old.table, (old.name,), "_like")
            yield DropIndex(names=(name,), table=old.table, if_exists=True)

    # --- types --------------------------------------------------------------------------------------------------------------

    def type_action(self, old: Column, new: Column) -> Action:
        return AlterColumnType(
            column=new.name,
            type=type_of(new),
            old_type=type_of(old),
            collation=new.collation,
        )

    def type_actions(
        self, old: Column, new: Column
    ) -> tuple[list[Statement], list[Action], list[Statement]]:
        before, actions, after = super().type_actions(old, new)
        if not actions:
            return before, actions, after
        return self._with_identity(old, new, before, actions, after)

    def type_actions_of_related(
        self, before: Column, after: Column
    ) -> tuple[list[Statement], list[Action], list[Statement]]:
        return self._with_identity(before, after, [], [self.type_action(before, after)], [])

    def _with_identity(
        self,
        old: Column,
        new: Column,
        before: list[Statement],
        actions: list[Action],
        after: list[Statement],
    ) -> tuple[list[Statement], list[Action], list[Statement]]:
        if leaves_text(old, new):
            name = self.name(old.table, (old.name,), "_like")
            before = [DropIndex(names=(name,), table=old.table, if_exists=True), *before]
        if is_counted(new) and not is_counted(old):
            added = OtherAction(keywords="ADD GENERATED", column=new.name)
            return before, actions, [*after, self.action(new.table, added)]
        if is_counted(new) and type_of(old) != type_of(new):
            sequence = OtherObject(keywords="ALTER SEQUENCE", table="")
            return before, actions, [*after, sequence]
        if is_counted(old) and not is_counted(new):
            dropped = OtherAction(keywords="DROP IDENTITY", column=new.name)
            return [*before, self.action(new.table, dropped)], actions, after
        return before, actions, after

    def filling(self, column: Column) -> Iterator[Statement]:
        yield from super().filling(column)
        yield _IMMEDIATE


_METHODS = {
    "bloom": "bloom",
    "brin": "brin",
    "gin": "gin",
    "gist": "gist",
    "hash": "hash",
    "spgist": "spgist",
}


def is_unique(column: Column) -> bool:
    """Return what Django's ``Field.unique`` is, which is true of a primary key."""
    return column.unique or column.primary_key


def is_like_indexed(column: Column) -> bool:
    """Return whether Django gives the column an index for LIKE; one with a collation of its own may have none."""
    kind = type_of(column)
    if not (column.indexed or is_unique(column)) or "[" in kind:
        return False
    return kind.startswith(("varchar", "text"))


def leaves_text(old: Column, new: Column) -> bool:
    """Return whether an indexed text becomes something else."""
    if not (old.indexed or is_unique(old)):
        return False
    before, after = type_of(old), type_of(new)
    return any(before.startswith(text) and not after.startswith(text) for text in _TEXTS)
