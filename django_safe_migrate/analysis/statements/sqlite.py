"""The statements of Django's schema editor for SQLite (``django.db.backends.sqlite3.schema``), which makes most tables anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db.backends.sqlite3 import schema
from django.db.models import UniqueConstraint, Value

from django_safe_migrate.analysis.statements.definitions import definition, one_off_default
from django_safe_migrate.analysis.statements.writer import StatementWriter
from django_safe_migrate.databases.statements import (
    AddColumn,
    AlterTable,
    ChangeRows,
    CreateIndex,
    DropIndex,
    DropTable,
    RemakeTable,
    RenameColumn,
    Statement,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis import changes
    from django_safe_migrate.analysis.schema import Column

#: Older versions of Django leave out relations that cannot be followed back, and those of those that refer to this one.
_FOLLOWS_ALL = hasattr(schema, "_related_non_m2m_objects")


class SQLiteWriter(StatementWriter):
    """A new table and a copy of every row, but for the little that SQLite can alter."""

    inline_foreign_keys = True
    passes_defaults = False
    without_unique_options = frozenset({"deferrable", "include"})

    @classmethod
    def is_touched(cls, old: Column, new: Column) -> bool:
        return True

    def drop_table(self, table: str) -> Statement:
        return DropTable(tables=(table,))

    def rename_table(self, change: changes.TableRenamed) -> Iterator[Statement]:
        """The table of a many-to-many field is made anew under its new name, whatever else becomes of it."""
        if not change.many_to_many:
            yield from super().rename_table(change)
            return
        yield from self.create_table(change.new_table)
        yield ChangeRows(kind="insert", table=change.new_table, reads=(change.table,))
        yield self.drop_table(change.table)

    def _was_made_anew(self, table: str) -> bool:
        known = self.moment.before.place(table) is not None
        return not known and self.moment.after.model(table) is None

    def _tables_to_remake(self, old: Column, new: Column) -> Iterator[str]:
        """The tables that Django makes anew because they refer to a column of another type."""
        if _FOLLOWS_ALL:
            yield from (after.table for _, after in self._related(old, new, set()))
            return
        for relation in self.moment.after.referencing(new.table):
            aimed = relation.to_field == new.field_name or (
                new.primary_key and not relation.to_field
            )
            if aimed and (relation.many_to_many or not relation.hidden):
                yield relation.table

    def _is_second_side(self, column: Column) -> bool:
        """Whether the table of a many-to-many field has been made anew for its other side already."""
        if self.moment.after.model(column.table) is not None:
            return False
        names = [one.name for one in self.moment.after.columns(column.table)]
        place = names.index(column.name)
        pairs = zip(
            self.moment.before.columns(column.table),
            self.moment.after.columns(column.table),
            strict=False,
        )
        return any(before != after for before, after in list(pairs)[:place])

    def add_column(self, column: Column) -> Iterator[Statement]:
        if is_remade_for(column):
            yield RemakeTable(table=column.table)
            return
        added = definition(column, references=column.references)
        yield AlterTable(table=column.table, actions=(AddColumn(column=added),))
        yield from self.field_index(column)

    def drop_column(self, column: Column) -> Iterator[Statement]:
        field: Any = column.field
        kept = column.primary_key or column.unique or field.db_index or column.references
        # Django 5.2 still asks; the library is the server, and known without a connection.
        features = self.schema.connection.features
        if kept or not getattr(features, "can_alter_table_drop_column", True):
            yield RemakeTable(table=column.table)
        else:
            yield AlterTable(table=column.table, actions=(self.dropping(column),))

    def rename_column(self, change: changes.ColumnRenamed) -> Iterator[Statement]:
        before, after = self.around_renaming(change)
        if self._was_made_anew(change.table):
            return
        if before is not None and after is not None and self.is_altered(before, after):
            return  # what else happens to it makes the table anew
        if (before is not None and before.references) or (after is not None and after.references):
            yield RemakeTable(table=change.table)
            return
        action = RenameColumn(column=change.old_name, new_name=change.new_name)
        yield AlterTable(table=change.table, actions=(action,))

    def alter_column(self, old: Column, new: Column) -> Iterator[Statement]:
        if self._was_made_anew(new.table) or self._is_second_side(new):
            return
        also: tuple[str, ...] = ()
        if (new.unique or new.primary_key) and (
            old.type != new.type or old.collation != new.collation
        ):
            tables = self._tables_to_remake(old, new)
            also = tuple(dict.fromkeys(table for table in tables if table != new.table))
        yield RemakeTable(table=new.table, also=also)

    def add_unique(self, table: str, columns: Sequence[str]) -> Iterator[Statement]:
        name = self.name(table, columns, "_uniq")
        yield CreateIndex(table=table, name=name, columns=tuple(columns), unique=True)

    def drop_unique(self, table: str, columns: Sequence[str]) -> Iterator[Statement]:
        yield DropIndex(names=(self.name(table, columns, "_uniq"),), table=table)

    def is_index(self, constraint: Any) -> bool:
        options = ("condition", "expressions", "include", "deferrable")
        return isinstance(constraint, UniqueConstraint) and any(
            getattr(constraint, option) for option in options
        )

    def add_constraint(self, table: str, constraint: Any, not_valid: bool) -> Iterator[Statement]:
        if self.is_index(constraint):
            yield from super().add_constraint(table, constraint, not_valid)
        else:
            yield RemakeTable(table=table)

    def drop_constraint(self, table: str, constraint: Any) -> Iterator[Statement]:
        if constraint is not None and self.is_index(constraint):
            yield from super().drop_constraint(table, constraint)
        else:
            yield RemakeTable(table=table)


def is_remade_for(column: Column) -> bool:
    """Return whether a column cannot be added to the table as it is."""
    if column.primary_key or column.unique or not column.null or one_off_default(column):
        return True
    return column.has_db_default and not isinstance(column.db_default, Value)
