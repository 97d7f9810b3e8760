"""
Hand-written SQL that cannot run a second time, in a migration that a failure leaves half done.

## Why it matters

MariaDB and MySQL commit every schema change at once, and so does a migration with `atomic = False`. When a later statement fails, what
came before it stays; running the migration again fails at the first statement, because its table or index is there already.

## Instead of

    class Migration(migrations.Migration):
        atomic = False
        operations = [
            migrations.RunSQL(["CREATE TABLE shop_archive (id bigint)", "INSERT INTO shop_archive SELECT id FROM shop_order"]),
        ]

## Use

    migrations.RunSQL(
        ["CREATE TABLE IF NOT EXISTS shop_archive (id bigint)", "INSERT INTO shop_archive SELECT id FROM shop_order"],
    ),
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import (
    AddColumn,
    AlterTable,
    ChangeView,
    CreateTable,
    DropColumn,
    DropTable,
    OtherObject,
    Statement,
)
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, directions=BOTH, about_rows=False)

_SPLIT = "Make it the only statement of a migration of its own."


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Not where a rollback undoes everything, and not what is the last that the migration does."""
    if context.runs_in_transaction:
        return
    *before_last, _ = [*_steps(context), None]
    for statement in before_last[:-1]:
        if isinstance(statement, Statement) and (what := _unguarded(statement)):
            yield rule.finding(
                context,
                f"{what} in {context.planned.label} fails when the migration is run again after a failure in the middle.",
                hint=_hint(statement),
            )


def _steps(context: Context) -> Iterator[Statement | None]:
    """Every statement of the migration, None for what is not hand-written."""
    for change in context.changes:
        if isinstance(change, StatementsRun):
            yield from context.statements(change)
        else:
            yield None


def _unguarded(statement: Statement) -> str:
    """What a statement does that cannot be done twice; empty if it can."""
    if isinstance(statement, CreateTable) and not statement.if_not_exists:
        return f"CREATE TABLE {statement.table}"
    if isinstance(statement, DropTable) and not statement.if_exists:
        return f"DROP TABLE {', '.join(statement.tables)}"
    if isinstance(statement, AlterTable):
        return _unguarded_column(statement)
    if isinstance(statement, OtherObject | ChangeView) and not statement.guarded:
        names = statement.name if isinstance(statement, OtherObject) else ", ".join(statement.views)
        verb = statement.keywords.partition(" ")[0]
        return f"{statement.keywords} {names}" if verb in {"CREATE", "DROP"} else ""
    return ""


def _unguarded_column(statement: AlterTable) -> str:
    for action in statement.actions:
        if isinstance(action, AddColumn) and not action.if_not_exists:
            return f"Adding column {action.column.name} to {statement.table}"
        if isinstance(action, DropColumn) and not action.if_exists:
            return f"Dropping column {action.column} of {statement.table}"
    return ""


def _hint(statement: Statement) -> str:
    # Every product has these; not all of them have them for columns and other objects.
    if isinstance(statement, CreateTable):
        return f"Write CREATE TABLE IF NOT EXISTS {statement.table}."
    if isinstance(statement, DropTable):
        return f"Write DROP TABLE IF EXISTS {', '.join(statement.tables)}."
    return f"Where the server knows IF EXISTS and IF NOT EXISTS here, use them. Otherwise: {_SPLIT[0].lower()}{_SPLIT[1:]}"
