"""
Changes: what an operation does to a table, in the words of the database and in the direction of the plan.

Rules are about changes where they can be: one operation is many of them (a foreign key is a column, an index and a constraint), many
operations are one (``unique=True``, ``unique_together``, ``UniqueConstraint``), and going backwards is the inverse of each.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django_safe_migrate.analysis.schema import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.databases.statements import Statement


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A change of one table; ``table`` is its name when the change starts, empty when it is not known."""

    table: str

    def inverse(self) -> Change | None:
        """What undoing it does to the database, None when that is nothing."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True, slots=True)
class TableCreated(Change):
    """A new table; ``references`` are the tables that its foreign keys point to."""

    references: tuple[str, ...] = ()

    def inverse(self) -> Change:
        return TableDropped(self.table, self.references)


@dataclasses.dataclass(frozen=True, slots=True)
class TableDropped(Change):
    """A table and its rows go away."""

    references: tuple[str, ...] = ()

    def inverse(self) -> Change:
        return TableCreated(self.table, self.references)


@dataclasses.dataclass(frozen=True, slots=True)
class TableRenamed(Change):
    """A table gets another name; ``many_to_many`` says that it is the table of such a field, which is altered itself."""

    new_table: str
    many_to_many: bool = False

    def inverse(self) -> Change:
        return TableRenamed(self.new_table, self.table, self.many_to_many)


@dataclasses.dataclass(frozen=True, slots=True)
class TableCommented(Change):
    """The comment on a table changes."""

    def inverse(self) -> Change:
        return self


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnAdded(Change):
    """A column is added to an existing table."""

    column: Column

    def inverse(self) -> Change:
        return ColumnDropped(self.table, self.column)


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnDropped(Change):
    """A column and its values go away."""

    column: Column

    def inverse(self) -> Change:
        return ColumnAdded(self.table, self.column)


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnRenamed(Change):
    """A column gets another name; what else changes is a ``ColumnAltered`` of its own."""

    old_name: str
    new_name: str

    def inverse(self) -> Change:
        return ColumnRenamed(self.table, self.new_name, self.old_name)


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnAltered(Change):
    """A column's type, nullability, default, uniqueness, index, CHECK or foreign key changes."""

    old: Column
    new: Column

    def inverse(self) -> Change:
        return ColumnAltered(self.table, self.new, self.old)

    @property
    def changes_type(self) -> bool:
        """Whether the type in the database differs, or may do so where types are not known."""
        if self.old.type and self.new.type:
            return self.old.type != self.new.type
        return self.old.declared_type != self.new.declared_type

    @property
    def sets_not_null(self) -> bool:
        """Whether existing rows may no longer hold NULL."""
        return self.old.null and not self.new.null

    @property
    def adds_unique(self) -> bool:
        """Whether a unique constraint is added."""
        return self.new.unique and not (self.old.unique or self.old.primary_key)

    @property
    def adds_index(self) -> bool:
        """Whether a plain index is built."""
        return self.new.indexed and not self.old.indexed

    @property
    def drops_index(self) -> bool:
        """Whether a plain index is dropped."""
        return self.old.indexed and not self.new.indexed

    @property
    def adds_check(self) -> bool:
        """Whether a CHECK that comes with the field's type is added."""
        return bool(self.new.check) and not self.old.check

    @property
    def adds_foreign_key(self) -> bool:
        """Whether a foreign key constraint is added."""
        return bool(self.new.references) and self.new.references != self.old.references


@dataclasses.dataclass(frozen=True, slots=True)
class IndexAdded(Change):
    """An index is built; ``index`` is Django's, None for ``index_together``."""

    name: str
    columns: tuple[str, ...]
    index: Any = None
    concurrently: bool = False

    def inverse(self) -> Change:
        return IndexDropped(self.table, self.name, self.columns, self.index, self.concurrently)


@dataclasses.dataclass(frozen=True, slots=True)
class IndexDropped(Change):
    """An index is dropped."""

    name: str
    columns: tuple[str, ...]
    index: Any = None
    concurrently: bool = False

    def inverse(self) -> Change:
        return IndexAdded(self.table, self.name, self.columns, self.index, self.concurrently)


@dataclasses.dataclass(frozen=True, slots=True)
class IndexRenamed(Change):
    """An index gets another name."""

    old_name: str
    new_name: str
    columns: tuple[str, ...] = ()
    index: Any = None

    def inverse(self) -> Change:
        return IndexRenamed(self.table, self.new_name, self.old_name, self.columns, self.index)


@dataclasses.dataclass(frozen=True, slots=True)
class UniqueAdded(Change):
    """Columns must be unique together from now on (``unique_together``)."""

    columns: tuple[str, ...]

    def inverse(self) -> Change:
        return UniqueDropped(self.table, self.columns)


@dataclasses.dataclass(frozen=True, slots=True)
class UniqueDropped(Change):
    """Columns need no longer be unique together."""

    columns: tuple[str, ...]

    def inverse(self) -> Change:
        return UniqueAdded(self.table, self.columns)


@dataclasses.dataclass(frozen=True, slots=True)
class ConstraintAdded(Change):
    """A constraint of ``Meta.constraints`` is added; existing rows are checked unless it is ``not_valid``."""

    constraint: Any
    not_valid: bool = False

    def inverse(self) -> Change:
        return ConstraintDropped(self.table, self.constraint)


@dataclasses.dataclass(frozen=True, slots=True)
class ConstraintDropped(Change):
    """A constraint of ``Meta.constraints`` is dropped."""

    constraint: Any

    def inverse(self) -> Change:
        return ConstraintAdded(self.table, self.constraint)


@dataclasses.dataclass(frozen=True, slots=True)
class ConstraintValidated(Change):
    """Existing rows are checked against a constraint that was added without."""

    name: str

    def inverse(self) -> Change | None:
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectChanged(Change):
    """Something that is no table is made or dropped, such as an extension; ``reverse`` is None when undoing it does nothing."""

    statement: Statement
    reverse: Statement | None

    def inverse(self) -> Change | None:
        return (
            None
            if self.reverse is None
            else ObjectChanged(self.table, self.reverse, self.statement)
        )


@dataclasses.dataclass(frozen=True, slots=True)
class CodeRun(Change):
    """Python of the project runs; None stands for a direction that does not exist."""

    code: Callable[..., Any] | None
    reverse_code: Callable[..., Any] | None

    def inverse(self) -> Change:
        return CodeRun(self.table, self.reverse_code, self.code)


@dataclasses.dataclass(frozen=True, slots=True)
class StatementsRun(Change):
    """Hand-written SQL runs; None stands for a direction that does not exist."""

    statements: tuple[str, ...] | None
    reverse_statements: tuple[str, ...] | None

    def inverse(self) -> Change:
        return StatementsRun(self.table, self.reverse_statements, self.statements)


@dataclasses.dataclass(frozen=True, slots=True)
class Unrecognised(Change):
    """An operation of a third party runs, of which we know only what it says about itself."""

    operation: Operation

    def inverse(self) -> Change:
        return self
