"""Which tables a statement is about: those whose rows or shape it changes, and those that it only reads."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from django_safe_migrate.databases.statements import (
    AddColumn,
    AddConstraint,
    AlterTable,
    AttachPartition,
    ChangeRows,
    ChangeTrigger,
    ChangeView,
    CreateIndex,
    CreateTable,
    DetachPartition,
    DropIndex,
    DropTable,
    LockTable,
    Maintenance,
    ModifyColumn,
    OtherObject,
    Reindex,
    RemakeTable,
    Select,
    Statement,
    Truncate,
)


def tables_named(statement: Statement) -> tuple[str, ...]:
    """Return every table that a statement names, those that it changes first."""
    return _distinct((*tables_written(statement), *tables_read(statement)))


@functools.singledispatch
def tables_written(statement: Statement) -> tuple[str, ...]:
    """Return the tables whose rows, shape, indexes or locks a statement changes; none where only the catalogue knows them."""
    return ()


@functools.singledispatch
def tables_read(statement: Statement) -> tuple[str, ...]:
    """Return the tables that a statement reads or refers to, besides those that it changes."""
    return ()


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


@tables_written.register
def _(statement: AlterTable) -> tuple[str, ...]:
    partitions = [
        action.partition
        for action in statement.actions
        if isinstance(action, AttachPartition | DetachPartition)
    ]
    return _distinct((statement.table, *partitions))


@tables_written.register(ChangeRows)
@tables_written.register(ChangeTrigger)
@tables_written.register(CreateIndex)
@tables_written.register(CreateTable)
@tables_written.register(DropIndex)
@tables_written.register(OtherObject)
def _(
    statement: ChangeRows | ChangeTrigger | CreateIndex | CreateTable | DropIndex | OtherObject,
) -> tuple[str, ...]:
    return _distinct([statement.table])


@tables_written.register(DropTable)
@tables_written.register(LockTable)
@tables_written.register(Maintenance)
@tables_written.register(Truncate)
def _(statement: DropTable | LockTable | Maintenance | Truncate) -> tuple[str, ...]:
    return _distinct(statement.tables)


@tables_written.register
def _(statement: RemakeTable) -> tuple[str, ...]:
    return _distinct((statement.table, *statement.also))


@tables_written.register
def _(statement: Reindex) -> tuple[str, ...]:
    return _distinct([statement.name]) if statement.kind == "table" else ()


@tables_read.register(ChangeRows)
@tables_read.register(ChangeView)
@tables_read.register(Select)
def _(statement: ChangeRows | ChangeView | Select) -> tuple[str, ...]:
    return _distinct(statement.reads)


@tables_read.register
def _(statement: CreateTable) -> tuple[str, ...]:
    return _distinct((*statement.references, *statement.reads, statement.partition_of))


@tables_read.register
def _(statement: AlterTable) -> tuple[str, ...]:
    found = []
    for action in statement.actions:
        if isinstance(action, AddConstraint):
            found.append(action.references)
        elif isinstance(action, AddColumn):
            found.append(action.column.references)
        elif isinstance(action, ModifyColumn):
            found.append(action.new.references)
    return _distinct(name for name in found if name != statement.table)
