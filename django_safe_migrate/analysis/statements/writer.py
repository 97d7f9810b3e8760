"""
The statements of each change, as Django's schema editor writes them for a database that has all of ``ALTER TABLE``.

Read from ``django.db.backends.base.schema`` of Django 5.2 to 6.1. A vendor overrides what its own editor does otherwise. What the editor
defers to the end of a migration (indexes and foreign keys of new columns and tables) is a part of the change all the same.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.statements.defaults import kind_of as kind_of_default
from django_safe_migrate.analysis.statements.definitions import definition
from django_safe_migrate.analysis.statements.indexes import IndexWriter
from django_safe_migrate.databases.statements import (
    AddColumn,
    AlterTable,
    CreateTable,
    Default,
    DropColumn,
    DropTable,
    OtherObject,
    RenameColumn,
    RenameTable,
    Statement,
    Unread,
    ValidateConstraint,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.schema import Column


class StatementWriter(IndexWriter):
    """Writes the statements of changes on one vendor, for one operation."""

    #: Whether foreign keys of a new table are a part of its CREATE TABLE.
    inline_foreign_keys = False
    #: Whether constant defaults are parameters of CREATE TABLE.
    passes_defaults = True

    @functools.singledispatchmethod
    def write(self, change: Change) -> Iterator[Statement]:
        """Yield the statements of a change, in the order they are executed."""
        yield Unread(reason="Its operation is not one of Django's.")

    @write.register
    def _(self, change: changes.TableCreated) -> Iterator[Statement]:
        yield from self.create_table(change.table)

    @write.register
    def _(self, change: changes.TableDropped) -> Iterator[Statement]:
        yield self.drop_table(change.table)

    @write.register
    def _(self, change: changes.TableRenamed) -> Iterator[Statement]:
        yield from self.rename_table(change)

    @write.register
    def _(self, change: changes.TableCommented) -> Iterator[Statement]:
        yield self.comment_on_table(change.table)

    @write.register
    def _(self, change: changes.ColumnAdded) -> Iterator[Statement]:
        yield from self.add_column(change.column)

    @write.register
    def _(self, change: changes.ColumnDropped) -> Iterator[Statement]:
        yield from self.drop_column(change.column)

    @write.register
    def _(self, change: changes.ColumnRenamed) -> Iterator[Statement]:
        yield from self.rename_column(change)

    @write.register
    def _(self, change: changes.ColumnAltered) -> Iterator[Statement]:
        yield from self.alter_column(change.old, change.new)

    @write.register
    def _(self, change: changes.IndexAdded) -> Iterator[Statement]:
        yield from self.add_index(change)

    @write.register
    def _(self, change: changes.IndexDropped) -> Iterator[Statement]:
        yield from self.drop_index(change)

    @write.register
    def _(self, change: changes.IndexRenamed) -> Iterator[Statement]:
        yield from self.rename_index(change)

    @write.register
    def _(self, change: changes.UniqueAdded) -> Iterator[Statement]:
        yield from self.add_unique(change.table, change.columns)

    @write.register
    def _(self, change: changes.UniqueDropped) -> Iterator[Statement]:
        yield from self.drop_unique(change.table, change.columns)

    @write.register
    def _(self, change: changes.ConstraintAdded) -> Iterator[Statement]:
        yield from self.add_constraint(change.table, change.constraint, change.not_valid)

    @write.register
    def _(self, change: changes.ConstraintDropped) -> Iterator[Statement]:
        yield from self.drop_constraint(change.table, change.constraint)

    @write.register
    def _(self, change: changes.ConstraintValidated) -> Iterator[Statement]:
        yield AlterTable(table=change.table, actions=(ValidateConstraint(name=change.name),))

    @write.register
    def _(self, change: changes.ObjectChanged) -> Iterator[Statement]:
        yield change.statement

    @write.register
    def _(self, change: changes.CodeRun) -> Iterator[Statement]:
        # What it executes is known only when it runs; rules about code say what can be said.
        return iter(())

    # --- tables -------------------------------------------------------------------------------------------------------------

    def create_table(self, table: str) -> Iterator[Statement]:
        """CREATE TABLE, and what is deferred: foreign keys, indexes, what must be unique together."""
        columns = self.moment.after.columns(table)
        keys = [column for column in columns if column.references]
        inline = self.inline_foreign_keys
        yield CreateTable(
            table=table,
            columns=tuple(
                definition(one, references=one.references if inline else "") for one in columns
            ),
            references=tuple(
                dict.fromkeys(one.references for one in keys if one.references != table)
            )
            if inline
            else (),
        )
        for column in () if inline else keys:
            yield self.foreign_key(column)
        for column in columns:
            yield from self.field_indexes(column)
        yield from self.table_options(table)

    def table_options(self, table: str) -> Iterator[Statement]:
        """What the options of a new table's model add to it after CREATE TABLE."""
        model = self.moment.after.model(table)
        if model is None:  # between two models: a key, and the two that are unique together
            sides = [column.name for column in self.moment.after.columns(table)][1:]
            if sides:
                yield from self.add_unique(table, sides)
            return
        for names in model.options.get("unique_together") or ():
            yield from self.add_unique(table, self.columns_of(table, names))
        # With parameters in CREATE TABLE, Django adds every constraint afterwards.
        apart = self.passes_defaults and any(
            one.has_db_default and kind_of_default(one.db_default) is Default.CONSTANT
            for one in self.moment.after.columns(table)
        )
        for constraint in model.options.get("constraints") or ():
            if apart or self.is_index(constraint):
                yield from self.add_constraint(table, constraint, not_valid=False)
        for index in model.options.get("indexes") or ():
            columns = self.columns_of(table, (name for name, _ in index.fields_orders))
            yield from self.add_index(changes.IndexAdded(table, index.name, columns, index))

    def rename_table(self, change: changes.TableRenamed) -> Iterator[Statement]:
        """RENAME TO."""
        yield AlterTable(table=change.table, actions=(RenameTable(new_name=change.new_table),))

    def drop_table(self, table: str) -> Statement:
        """DROP TABLE."""
        return DropTable(tables=(table,), cascade=True)

    def comment_on_table(self, table: str) -> Statement:
        """COMMENT ON TABLE."""
        return OtherObject(keywords="COMMENT ON", name=table, table=table)

    # --- columns ------------------------------------------------------------------------------------------------------------

    def add_column(self, column: Column) -> Iterator[Statement]:
        """ADD COLUMN with what comes with it."""
        yield AlterTable(
            table=column.table,
            actions=(AddColumn(column=definition(column, default=self.default_of(column))),),
        )
        yield from self.after_adding(column)

    def after_adding(self, column: Column) -> Iterator[Statement]:
        """The default is dropped again, and at the end of the migration the column gets its index."""
        if self.drops_default(column):
            yield self.without_default(column)
        if column.field.db_comment:
            yield from self.comment(column)
        yield from self.field_indexes(column)

    def drop_column(self, column: Column) -> Iterator[Statement]:
        """DROP COLUMN, after its foreign key."""
        if column.references:
            yield from self.drop_foreign_key(column)
        yield AlterTable(table=column.table, actions=(self.dropping(column),))

    def dropping(self, column: Column) -> DropColumn:
        """The action that drops a column."""
        return DropColumn(column=column.name)

    def rename_column(self, change: changes.ColumnRenamed) -> Iterator[Statement]:
        """RENAME COLUMN; a foreign key is dropped before and made again, which reads all rows."""
        renaming = AlterTable(
            table=change.table,
            actions=(RenameColumn(column=change.old_name, new_name=change.new_name),),
        )
        before, after = self.around_renaming(change)
        if before is None or after is None or self.is_altered(before, after):
            yield renaming  # what else happens to it is a change of its own
            return
        if before.references:
            yield from self.drop_foreign_key(before)
        yield renaming
        if after.references:
            yield self.foreign_key(after)
