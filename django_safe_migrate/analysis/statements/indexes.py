"""The statements of indexes and constraints, as ``BaseDatabaseSchemaEditor`` executes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import CheckConstraint, UniqueConstraint

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.statements.altering import ColumnWriter
from django_safe_migrate.databases.statements import (
    AddConstraint,
    AlterTable,
    ConstraintKind,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Statement,
    Unread,
)


class IndexWriter(ColumnWriter):
    """Writes the statements of indexes and constraints."""

    #: Options of ``UniqueConstraint`` that no server of this kind has: Django then executes nothing.
    without_unique_options: frozenset[str] = frozenset()
    #: Whether an index can be of expressions.
    indexes_expressions = True

    def columns_of(self, table: str, names: Any) -> tuple[str, ...]:
        """The columns of a model's fields."""
        model = self.moment.after.model(table) or self.moment.before.model(table)
        if model is None:
            return tuple(names)
        return tuple(self.schema.column_name(model, name) for name in names)

    def add_index(self, change: changes.IndexAdded) -> Iterator[Statement]:
        """CREATE INDEX."""
        index: Any = change.index
        if not self.indexes_expressions and getattr(index, "expressions", None):
            return
        yield CreateIndex(
            table=change.table,
            name=change.name or self.name(change.table, change.columns, "_idx"),
            columns=change.columns,
            concurrently=change.concurrently,
            method=self.method(index),
            partial=getattr(index, "condition", None) is not None,
        )

    def method(self, index: Any) -> str:
        """The access method of an index, empty for the server's default."""
        return ""

    def drop_index(self, change: changes.IndexDropped) -> Iterator[Statement]:
        """DROP INDEX."""
        if not self.indexes_expressions and getattr(change.index, "expressions", None):
            return
        name = change.name or self.name(change.table, change.columns, "_idx")
        yield DropIndex(names=(name,), table=change.table, concurrently=change.concurrently)

    def rename_index(self, change: changes.IndexRenamed) -> Iterator[Statement]:
        """Where an index cannot be renamed, it is made anew."""
        yield from self.drop_index(
            changes.IndexDropped(change.table, change.old_name, change.columns, change.index)
        )
        yield from self.add_index(
            changes.IndexAdded(change.table, change.new_name, change.columns, change.index)
        )

    def add_constraint(self, table: str, constraint: Any, not_valid: bool) -> Iterator[Statement]:
        """ADD CONSTRAINT, or the unique index that Django makes of some."""
        if self.is_left_out(constraint):
            return
        columns = self.columns_of(table, getattr(constraint, "fields", ()))
        if self.is_index(constraint):
            partial = constraint.condition is not None
            yield CreateIndex(
                table=table, name=constraint.name, columns=columns, unique=True, partial=partial
            )
            return
        added = AddConstraint(
            kind=kind_of(constraint), name=constraint.name, columns=columns, not_valid=not_valid
        )
        yield AlterTable(table=table, actions=(added,))

    def drop_constraint(self, table: str, constraint: Any) -> Iterator[Statement]:
        """DROP CONSTRAINT, or DROP INDEX."""
        if constraint is None:
            yield Unread(reason=f"A constraint of {table} is dropped that no state has.")
        elif self.is_left_out(constraint):
            return
        elif self.is_index(constraint):
            yield DropIndex(names=(constraint.name,), table=table)
        else:
            dropped = DropConstraint(name=constraint.name, kind=kind_of(constraint))
            yield AlterTable(table=table, actions=(dropped,))

    def is_left_out(self, constraint: Any) -> bool:
        """Whether Django makes nothing of a constraint on this kind of server."""
        if not isinstance(constraint, UniqueConstraint):
            return False
        if constraint.expressions and not self.indexes_expressions:
            return True
        return any(
            getattr(constraint, option) not in (None, (), "")
            for option in self.without_unique_options
        )

    def is_index(self, constraint: Any) -> bool:
        """Whether Django makes an index of a constraint."""
        options = ("condition", "expressions", "include", "opclasses")
        return isinstance(constraint, UniqueConstraint) and any(
            getattr(constraint, option) for option in options
        )


def kind_of(constraint: Any) -> ConstraintKind:
    """Return the kind of one of Django's constraints."""
    if isinstance(constraint, CheckConstraint):
        return ConstraintKind.CHECK
    if isinstance(constraint, UniqueConstraint):
        return ConstraintKind.UNIQUE
    # django.contrib.postgres needs a driver to be imported.
    names = {kind.__name__ for kind in type(constraint).__mro__}
    return ConstraintKind.EXCLUDE if "ExclusionConstraint" in names else ConstraintKind.UNKNOWN
