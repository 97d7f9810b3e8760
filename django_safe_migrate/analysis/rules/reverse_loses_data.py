"""
Going back drops columns and tables, with what was written to them since.

## Why it matters

Undoing AddField drops the column, and undoing CreateModel drops the table. Everything that users have written there is gone; going
forward again brings back an empty one. The newer release fails on what is gone, until it is replaced.

## Instead of

    python manage.py safemigrate shop 0004

## Use

If the data matters, leave the schema as it is and go back with the release only: added columns and tables rarely disturb old code.
Otherwise make a backup, and allow it for this run.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import ColumnDropped, TableDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BACKWARDS, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, directions=BACKWARDS, destroys=True, breaks_running_code=True
)

_HINT = (
    "If the data matters, leave the schema as it is: added columns and tables rarely disturb older code. "
    "Otherwise make a backup first, and allow this finding for the run."
)


@rule.change(ColumnDropped)
def check_column(change: ColumnDropped, context: Context) -> Iterator[Finding]:
    """A generated column holds nothing that is not computed again."""
    if not change.column.generated:
        filled = context.filled(change.table, change.column.name)
        message = f"Undoing {context.planned.label} drops column {change.column.name} of {change.table} with all its values{filled}."
        # Nobody has written anything there yet.
        severity = Severity.INFO if filled.startswith(" (0 rows") else None
        yield rule.finding(context, message, hint=_HINT, tables=[change.table], severity=severity)


@rule.change(TableDropped)
def check_table(change: TableDropped, context: Context) -> Iterator[Finding]:
    """The table of a model, or of a many-to-many field."""
    filled = context.filled(change.table)
    message = (
        f"Undoing {context.planned.label} drops table {change.table} with all its rows{filled}."
    )
    yield rule.finding(context, message, hint=_HINT, tables=[change.table])
