"""
One statement of hand-written SQL that writes every row of a table.

## Why it matters

Each row that it writes stays locked until the transaction ends, so that whoever wants to change one waits; replicas fall behind, and the
table grows by a copy of every row. When it fails after an hour, all of it was for nothing.

## Instead of

    migrations.RunSQL("UPDATE shop_order SET state = 'new'"),

## Use

Batches, each a transaction of its own:

    def fill(apps, schema_editor):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT min(id), max(id) FROM shop_order")
            first, last = cursor.fetchone()
            for start in range(first or 0, (last or -1) + 1, 1000):
                cursor.execute("UPDATE shop_order SET state = 'new' WHERE id BETWEEN %s AND %s", [start, start + 999])

    class Migration(migrations.Migration):
        atomic = False
        operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.state_tables import KnownModels, StateTables
from django_safe_migrate.databases.facts import Blocking
from django_safe_migrate.databases.statements import ChangeRows
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_time=True)


@rule.statement(ChangeRows)
def check(statement: ChangeRows, context: Context) -> Iterator[Finding]:
    """UPDATE without a condition, and INSERT of everything that another table has; DELETE is a loss of its own."""
    if statement.conditional or context.is_new(statement.table):
        return
    if statement.kind == "update":
        yield from _finding(statement, statement.table, "writes", context)
    elif statement.kind == "insert" and statement.reads:
        yield from _finding(statement, statement.reads[0], "reads", context)


def _finding(statement: ChangeRows, source: str, verb: str, context: Context) -> Iterator[Finding]:
    if context.is_small(source):
        return
    target = f" into {statement.table}" if source != statement.table else ""
    until = "migration" if context.runs_in_transaction else "statement"
    yield rule.finding(
        context,
        f"{statement.kind.upper()} in {context.planned.label} {verb} every row of {source}{context.filled(source)}{target} in one "
        f"statement, and {_harm(statement, context)} until the {until} ends.",
        hint=f"Work in batches, each a transaction of its own, in a migration with atomic = False{_batches(statement, source, context)}",
        tables=[source],
    )


def _harm(statement: ChangeRows, context: Context) -> str:
    facts = context.facts(statement)
    lock = facts.lock_on(statement.table)
    if lock is not None and lock.blocking >= Blocking.WRITES and not facts.unknown:
        return f"holds {lock.sentence},"
    return "keeps what it writes locked"


_BATCHES = """:

def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min({key}), max({key}) FROM {table}")
        first, last = cursor.fetchone()
        for start in range(first or 0, (last or -1) + 1, 1000):
            cursor.execute({statement!r}, [start, start + 999])
"""
#: What stands after a condition, or already is one.
_TAIL = re.compile(
    r"%|\b(WHERE|GROUP|ORDER|LIMIT|RETURNING|UNION|CONFLICT|DUPLICATE)\b", re.IGNORECASE
)


def _batches(statement: ChangeRows, source: str, context: Context) -> str:
    tables = StateTables(context.before, KnownModels(context.schema))
    key = tables.column(source, tables.key_column(source) or "id")
    if key is None or not key.field.get_internal_type().endswith(("AutoField", "IntegerField")):
        return ", by ranges of the primary key."
    text = " ".join(statement.text.split())
    if _TAIL.search(text):
        text = f"{statement.kind.upper()} ..."
    batch = f"{text} WHERE {key.name} BETWEEN %s AND %s"
    return _BATCHES.format(key=key.name, table=source, statement=batch)
