"""
Hand-written SQL takes away what the release that still runs uses.

## Why it matters

While the migration runs, and until the last old process is replaced, code of the release before reads and writes the same tables. Of a
renamed table or column it knows only the old name, of a new column without a default nothing at all, and a value that may no longer be
NULL or no longer fits is refused. When the migration is undone, the release that still runs is the newer one.

## Instead of

    migrations.RunSQL("ALTER TABLE shop_order RENAME COLUMN note TO remark"),

## Use

A new column that both releases can live with; the old one goes away in a later release:

    migrations.RunSQL("ALTER TABLE shop_order ADD COLUMN remark text"),
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.recipes import GOING_BACK
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.schema import Column
from django_safe_migrate.analysis.state_tables import KnownModels, StateTables
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AlterColumnType,
    AlterEnum,
    AlterTable,
    Default,
    DropDefault,
    ModifyColumn,
    RenameColumn,
    RenameTable,
    SetNotNull,
)
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, breaks_running_code=True)

_LATER = "in a later release, when no process of the old one is left"


@rule.statement(AlterTable)
def check(statement: AlterTable, context: Context) -> Iterator[Finding]:
    """One finding per action that old code does not survive."""
    for action in statement.actions:
        for finding in _action(action, statement, context):
            yield _going_back(finding, action) if context.backwards else finding


def _going_back(finding: Finding, action: Action | None = None) -> Finding:
    """The release that still runs is the newer one then; what has happened can only be undone so, unless that fails."""
    fails = isinstance(action, AddColumn)
    severity = finding.severity if fails else min(finding.severity, Severity.WARNING)
    return dataclasses.replace(finding, hint=GOING_BACK, severity=severity)


@rule.statement(AlterEnum)
def check_enum(statement: AlterEnum, context: Context) -> Iterator[Finding]:
    """A value under another name."""
    if statement.keywords == "RENAME VALUE":
        found = rule.finding(
            context,
            f"Renaming a value of type {statement.type} to {statement.value!r} breaks the release that still runs: it writes, and asks "
            "for, the old one.",
            hint=f"Add the new value with ALTER TYPE {statement.type} ADD VALUE, and stop using the old one {_LATER}.",
        )
        yield _going_back(found) if context.backwards else found


@functools.singledispatch
def _action(action: Action, statement: AlterTable, context: Context) -> Iterator[Finding]:
    return iter(())


@_action.register
def _(action: RenameTable, statement: AlterTable, context: Context) -> Iterator[Finding]:
    table = statement.table
    yield rule.finding(
        context,
        f"Renaming table {table} to {action.new_name} breaks the release that still runs: it asks for {table}.",
        hint="Leave the table alone and name it in the model: class Meta: "
        f'db_table = "{table}". To rename it nevertheless, leave a view under the old name until {_LATER}.',
        tables=[table],
    )


@_action.register
def _(action: RenameColumn, statement: AlterTable, context: Context) -> Iterator[Finding]:
    yield from _renamed(action.column, action.new_name, statement.table, context)


def _renamed(column: str, new_name: str, table: str, context: Context) -> Iterator[Finding]:
    yield rule.finding(
        context,
        f"Renaming column {column} of {table} to {new_name} breaks the release that still runs: it asks for {column}.",
        hint=f'Leave the column alone and name it in the model: db_column="{column}".',
        tables=[table],
    )


@_action.register
def _(action: AddColumn, statement: AlterTable, context: Context) -> Iterator[Finding]:
    column, table = action.column, statement.table
    filled = column.default is not Default.NONE or column.identity or column.generated
    if column.null or filled:
        return
    yield rule.finding(
        context,
        f"Column {column.name} is added to {table} as NOT NULL without a default: where that does not fail at once because there are "
        "rows, INSERTs of the release that still runs do.",
        hint=f"Give it a default, or add it without NOT NULL, fill it, and set that {_LATER}.",
        tables=[table],
    )


@_action.register
def _(action: SetNotNull, statement: AlterTable, context: Context) -> Iterator[Finding]:
    # Where a constraint proves already that there is no NULL, nobody reads the rows, and nobody could write one.
    if context.facts(statement).reads_all(statement.table):
        yield from _not_null(action.column, statement.table, context)


@_action.register
def _(action: ModifyColumn, statement: AlterTable, context: Context) -> Iterator[Finding]:
    table = statement.table
    if action.new.name != action.column:
        yield from _renamed(action.column, action.new.name, table, context)
    if not action.new.null:
        yield from _not_null(action.column, table, context)
    # It names the type anyway, so that it says nothing of one that is not known.
    column = _column(table, action.column, context)
    if column is not None and column.type:
        yield from _type_changed(action.column, action.new.type, table, context)


@_action.register
def _(action: AlterColumnType, statement: AlterTable, context: Context) -> Iterator[Finding]:
    yield from _type_changed(action.column, action.type, statement.table, context)


@_action.register
def _(action: DropDefault, statement: AlterTable, context: Context) -> Iterator[Finding]:
    column = _column(statement.table, action.column, context)
    # Django names every column that it has no default for in the database, and knows nothing of those that are no fields.
    if column is not None and (column.null or not column.has_db_default):
        return
    yield rule.finding(
        context,
        f"Without its default, column {action.column} of {statement.table} makes INSERTs of the release that still runs fail where "
        "they leave it out and it is NOT NULL.",
        hint=f"Drop the default {_LATER}.",
        tables=[statement.table],
        severity=Severity.WARNING,
    )


def _not_null(name: str, table: str, context: Context) -> Iterator[Finding]:
    column = _column(table, name, context)
    if column is not None and not column.null:
        return
    yield rule.finding(
        context,
        f"Column {name} of {table} becomes NOT NULL, so that the release that still runs fails where it writes NULL.",
        hint=f"First release code that always fills the column; make it NOT NULL {_LATER}.",
        tables=[table],
        severity=Severity.WARNING,
    )


def _type_changed(name: str, type: str, table: str, context: Context) -> Iterator[Finding]:
    column = _column(table, name, context)
    old = "" if column is None else column.type
    if not type or old == type:
        return
    if not old:
        message = (
            f"Column {name} of {table} becomes {type}, and its present type is not known: values that the release that still runs "
            "writes may no longer fit."
        )
        severity = Severity.INFO
    elif loses_values(context.vendor, old, type):
        message = f"Column {name} of {table} becomes {type} instead of {old}, which cannot hold every value that the release that still runs writes."
        severity = Severity.WARNING
    else:
        return
    hint = (
        f"Release code that writes only values of the new type first, and change the type {_LATER}."
    )
    yield rule.finding(context, message, hint=hint, tables=[table], severity=severity)


def _column(table: str, name: str, context: Context) -> Column | None:
    """The column as the models have it, None when it is no field of theirs."""
    return StateTables(context.before, KnownModels(context.schema)).column(table, name)
