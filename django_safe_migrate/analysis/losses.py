"""What hand-written SQL does away with, and what its commands are called in sentences."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator

from django_safe_migrate.databases.statements import (
    AlterColumnType,
    AlterDomain,
    AlterEnum,
    AlterIndex,
    AlterTable,
    ChangeRows,
    ChangeTrigger,
    ChangeView,
    CreateIndex,
    CreateTable,
    DetachPartition,
    DropColumn,
    DropIndex,
    DropTable,
    LockTable,
    Maintenance,
    ModifyColumn,
    OtherAction,
    OtherObject,
    RefreshMaterializedView,
    Reindex,
    RenameTable,
    SetVariable,
    Statement,
    Truncate,
)


@dataclasses.dataclass(frozen=True, slots=True)
class SqlLoss:
    """What a statement does away with: ``what`` such as ``drops table shop_order``, ``table`` empty when it is more than one."""

    what: str
    table: str = ""


@functools.singledispatch
def losses(statement: Statement) -> Iterator[SqlLoss]:
    """Yield what a statement drops, truncates or deletes without a condition; what the statement merely hides is not known."""
    return iter(())


@losses.register
def _(statement: DropTable) -> Iterator[SqlLoss]:
    if not statement.temporary:
        for table in statement.tables:
            yield SqlLoss(f"drops table {table}", table)


@losses.register
def _(statement: Truncate) -> Iterator[SqlLoss]:
    for table in statement.tables:
        yield SqlLoss(f"truncates table {table}", table)


@losses.register
def _(statement: ChangeRows) -> Iterator[SqlLoss]:
    if statement.kind == "delete" and not statement.conditional:
        yield SqlLoss(f"deletes all rows of table {statement.table}", statement.table)


def losses_in_order(
    statements: Iterable[Statement], before: Iterable[Statement] = ()
) -> Iterator[SqlLoss]:
    """Yield the losses of statements that run one after the other, without those of tables that they, or those before, have made."""
    made: set[str] = set()
    for statement in before:
        _note_made(statement, made)
    for statement in statements:
        yield from (loss for loss in losses(statement) if loss.table not in made)
        _note_made(statement, made)


def _note_made(statement: Statement, made: set[str]) -> None:
    if isinstance(statement, CreateTable):
        # A temporary one hides a table of the same name, and nobody else sees it.
        if statement.temporary or not statement.if_not_exists:
            made.add(statement.table)
    elif isinstance(statement, DropTable):
        made.difference_update(statement.tables)
    elif isinstance(statement, AlterTable):
        for action in statement.actions:
            if isinstance(action, RenameTable):
                was_made = statement.table in made
                made -= {statement.table, action.new_name}
                made |= {action.new_name} if was_made else set()


#: Actions that take rows away without naming a column.
_PARTITIONS = {
    "DROP PARTITION": "drops partitions",
    "TRUNCATE PARTITION": "truncates partitions",
    "DISCARD PARTITION": "discards partitions",
    "DISCARD TABLESPACE": "discards the rows",
    "DROP SYSTEM VERSIONING": "drops the history of rows",
}


@losses.register
def _(statement: AlterTable) -> Iterator[SqlLoss]:
    table = statement.table
    for action in statement.actions:
        if isinstance(action, DropColumn):
            yield SqlLoss(f"drops column {action.column} of table {table}", table)
        elif isinstance(action, OtherAction) and action.keywords in _PARTITIONS:
            yield SqlLoss(f"{_PARTITIONS[action.keywords]} of table {table}", table)


#: Objects that rows are in, and those whose columns go with them.
_CONTAINERS = {
    "DROP SCHEMA": "schema",
    "DROP DATABASE": "database",
    "DROP TABLESPACE": "tablespace",
}
_TYPES = {"DROP TYPE": "type", "DROP DOMAIN": "domain", "DROP EXTENSION": "extension"}


@losses.register
def _(statement: OtherObject) -> Iterator[SqlLoss]:
    if statement.keywords in _CONTAINERS:
        yield SqlLoss(f"drops {_CONTAINERS[statement.keywords]} {statement.name}")
    elif statement.keywords == "DROP OWNED":
        yield SqlLoss(f"drops everything that {statement.name} owns")
    elif statement.keywords in _TYPES and statement.cascade:
        what = f"{_TYPES[statement.keywords]} {statement.name}"
        yield SqlLoss(f"drops {what} and every column of it")


#: Statements that leave every row and value where it is. A query is none of them: functions may do anything.
_KEEPING = (
    AlterDomain,
    AlterEnum,
    AlterIndex,
    CreateIndex,
    CreateTable,
    DropIndex,
    LockTable,
    Maintenance,
    RefreshMaterializedView,
    Reindex,
    SetVariable,
)
#: Actions of which that is not known, or that write other values.
_CHANGING = (AlterColumnType, DropColumn, ModifyColumn)


def keeps_data(statement: Statement) -> bool:
    """Return whether it is known that a statement loses no rows and no values; a trigger or a function that it makes runs later."""
    if any(losses(statement)):
        return False
    if isinstance(statement, AlterTable):
        return not any(isinstance(action, _CHANGING) for action in statement.actions)
    if isinstance(statement, OtherObject | ChangeTrigger | ChangeView):
        return statement.keywords.startswith(("CREATE", "COMMENT", "GRANT", "REVOKE"))
    return isinstance(statement, _KEEPING)


@functools.singledispatch
def command_of(statement: Statement) -> str:
    """Return what a statement is called, in upper case: ``CREATE UNIQUE INDEX CONCURRENTLY``."""
    words = getattr(statement, "keywords", "") or " ".join(statement.text.split()[:2])
    return str(words).upper()


@command_of.register
def _(statement: CreateIndex) -> str:
    unique = "UNIQUE " if statement.unique else ""
    return f"CREATE {unique}INDEX{' CONCURRENTLY' if statement.concurrently else ''}"


@command_of.register
def _(statement: DropIndex) -> str:
    return f"DROP INDEX{' CONCURRENTLY' if statement.concurrently else ''}"


@command_of.register
def _(statement: Reindex) -> str:
    return f"REINDEX {statement.kind.upper()}{' CONCURRENTLY' if statement.concurrently else ''}"


@command_of.register
def _(statement: RefreshMaterializedView) -> str:
    return "REFRESH MATERIALIZED VIEW"


@command_of.register
def _(statement: AlterDomain) -> str:
    return "ALTER DOMAIN"


@command_of.register
def _(statement: Maintenance) -> str:
    return statement.command


@command_of.register
def _(statement: AlterEnum) -> str:
    return f"ALTER TYPE {statement.type} {statement.keywords}"


@command_of.register
def _(statement: ChangeRows) -> str:
    return statement.kind.upper()


@command_of.register
def _(statement: DropTable) -> str:
    return "DROP TABLE"


@command_of.register
def _(statement: Truncate) -> str:
    return "TRUNCATE"


@command_of.register
def _(statement: AlterTable) -> str:
    partitions = [action for action in statement.actions if isinstance(action, DetachPartition)]
    if any(action.concurrently for action in partitions):
        return "DETACH PARTITION CONCURRENTLY"
    return "ALTER TABLE"
