"""
BEGIN, COMMIT or ROLLBACK in hand-written SQL ends the transaction that the migration runs in.

## Why it matters

Django runs an atomic migration in one transaction, so that a failure undoes all of it. A COMMIT in the middle ends that transaction
behind Django's back: what came before stays, what comes after is not undone together, and the migration may not be recorded although
it was done. A ROLLBACK throws away what the migration has done so far.

## Instead of

    migrations.RunSQL("BEGIN; UPDATE shop_order SET state = 'new'; COMMIT"),

## Use

    migrations.RunSQL("UPDATE shop_order SET state = 'new'"),

and `atomic = False` where the migration must not be one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import TransactionControl
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, about_rows=False)

_HARM = {
    "COMMIT": "ends the transaction of the migration, so that a failure after it leaves the migration half done",
    "ROLLBACK": "undoes what the migration has done so far, and ends its transaction",
}


@rule.statement(TransactionControl)
def check(statement: TransactionControl, context: Context) -> Iterator[Finding]:
    """Savepoints stay inside of the transaction and do no harm."""
    if not context.runs_in_transaction:
        return
    command, label = statement.keywords, context.planned.label
    hint = "Leave it out, or set atomic = False on the migration."
    if command in _HARM:
        yield rule.finding(context, f"{command} in {label} {_HARM[command]}.", hint=hint)
    elif command == "BEGIN":
        message = f"BEGIN in {label} has no effect or fails, because the migration is a transaction already."
        yield rule.finding(context, message, hint=hint, severity=Severity.WARNING)
