"""
Hand-written SQL drops what the release that still runs uses: the two halves of a removal belong in two releases.

## Why it matters

A removal without downtime has two halves: first the code forgets a field or a model, then the database drops it. When both are in one
migration there is no release between them: until the last old process is replaced, each of its queries on the table fails.

## Instead of

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("ALTER TABLE shop_order DROP COLUMN note", migrations.RunSQL.noop)],
            state_operations=[migrations.RemoveField(model_name="order", name="note")],
        ),
    ]

## Use

In this release only the state:

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="order", name="note")],
        ),
    ]

and in the next one the database:

    operations = [
        migrations.RunSQL("ALTER TABLE shop_order DROP COLUMN note", migrations.RunSQL.noop),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate.analysis.changes import ColumnDropped, TableDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.recipes import in_state_only
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.databases.statements import AlterTable, DropColumn, DropTable
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import own_tables, table_name

rule = Rule(__name__, severity=Severity.ERROR, breaks_running_code=True)


@rule.statement(DropTable)
def check_table(statement: DropTable, context: Context) -> Iterator[Finding]:
    """What the state has before the plan, the release that still runs uses; of the rest it knows nothing."""
    for table in statement.tables:
        if not statement.temporary and _uses_table(table, context):
            yield _finding(f"table {table}", table, context)


@rule.statement(AlterTable)
def check_columns(statement: AlterTable, context: Context) -> Iterator[Finding]:
    """Columns likewise."""
    table = statement.table
    for action in statement.actions:
        if isinstance(action, DropColumn) and _uses_column(table, action.column, context):
            yield _finding(f"column {action.column} of {table}", table, context)


def _finding(what: str, table: str, context: Context) -> Finding:
    removals = _removals(context)
    state = f":\n\n{in_state_only(*removals)}\n\n" if removals else ", with state_operations, and "
    return rule.finding(
        context,
        f"RunSQL in {context.planned.label} drops {what} while the release that still runs uses it.",
        hint=f"In this release only forget it{state}Drop it with this RunSQL in the next release.",
        tables=[table],
    )


def _uses_column(table: str, column: str, context: Context) -> bool:
    """Whether the column is a field's now, or was one before the plan, and is not dropped already."""
    dropped = (one for one in context.plan_changes if isinstance(one, ColumnDropped))
    if any((one.table, one.column.name) == (table, column) for one in dropped):
        return False
    if context.is_new_column(table, column):
        return False
    return _has_column(context.before, table, column, context) or _has_column(
        context.released, context.live_name(table), column, context
    )


def _has_column(state: ProjectState, table: str, column: str, context: Context) -> bool:
    return any(
        context.schema.column_name(model, name) == column
        for model in dict.values(state.models)
        if table_name(model) == table
        for name in model.fields
    )


def _uses_table(table: str, context: Context) -> bool:
    """Likewise."""
    if any(isinstance(one, TableDropped) and one.table == table for one in context.plan_changes):
        return False
    names = ((context.before, table), (context.released, context.live_name(table)))
    return any(
        name in own_tables(model) for state, name in names for model in dict.values(state.models)
    )


def _removals(
    context: Context,
) -> tuple[operations.RemoveField | operations.DeleteModel, ...]:
    """What the migration removes from the state only."""
    return tuple(
        removal
        for planned in context.planned.operations
        if isinstance(planned.operation, operations.SeparateDatabaseAndState)
        for removal in planned.operation.state_operations
        if isinstance(removal, operations.RemoveField | operations.DeleteModel)
    )
