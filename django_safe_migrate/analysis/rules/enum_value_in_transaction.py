"""
A value that was added to an enum type cannot be used before the transaction that added it has ended.

## Why it matters

PostgreSQL refuses it with "unsafe use of new value" (55P04): an atomic migration that adds the value and writes it into rows, or into a
default or a constraint, fails on every database.

## Instead of

    migrations.RunSQL("ALTER TYPE mood ADD VALUE 'meh'; UPDATE shop_order SET mood = 'meh' WHERE mood IS NULL"),

## Use

Two migrations:

    migrations.RunSQL("ALTER TYPE mood ADD VALUE 'meh'", migrations.RunSQL.noop),

    migrations.RunSQL("UPDATE shop_order SET mood = 'meh' WHERE mood IS NULL", migrations.RunSQL.noop),
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import AlterEnum, OtherObject, Statement
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_rows=False
)


@rule.change(StatementsRun)
def check(change: StatementsRun, context: Context) -> Iterator[Finding]:
    """Values that this operation, or an earlier one of the migration, has added and this one uses."""
    if not context.runs_in_transaction:
        return
    earlier = [one for one in context.changes if isinstance(one, StatementsRun)]
    before = [statement for one in earlier for statement in context.statements(one)]
    for statement in context.statements(change):
        for enum in _added(before, context):
            if _mentions(statement, enum.value):
                yield rule.finding(
                    context,
                    f"{context.planned.label} uses the value {enum.value!r} of type {enum.type} in the transaction that adds it, which "
                    "PostgreSQL refuses.",
                    hint=f"Leave ALTER TYPE {enum.type} ADD VALUE in this migration, and use the value in the next one.",
                )
        before.append(statement)


#: From this version on, values of a type that the transaction has made itself may be used at once.
_NEW_TYPES = (17,)


def _added(statements: list[Statement], context: Context) -> list[AlterEnum]:
    """The values that may not be used yet."""
    made = {
        one.name
        for one in statements
        if isinstance(one, OtherObject) and one.keywords == "CREATE TYPE"
    }
    free = made if context.server.version >= _NEW_TYPES else set()
    return [
        one
        for one in statements
        if isinstance(one, AlterEnum) and one.keywords == "ADD VALUE" and one.type not in free
    ]


def _mentions(statement: Statement, value: str) -> bool:
    if isinstance(statement, AlterEnum) and statement.keywords == "ADD VALUE":
        return False  # BEFORE and AFTER name a value without using it
    quoted = value.replace("'", "''")
    return f"'{quoted}'" in statement.text
