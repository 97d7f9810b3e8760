"""
Making a column NOT NULL fails on rows that hold NULL, breaks INSERTs that leave it empty, and on PostgreSQL blocks everyone.

## Why it matters

PostgreSQL checks every row while it holds an ACCESS EXCLUSIVE lock: reads and writes wait until it has finished. A validated CHECK
constraint that says the same spares it the reading. MariaDB and MySQL write the table anew while others read and write; Django copies
it on SQLite. On all of them a row that holds NULL makes it fail, unless the field has a default, which Django gives to these rows
before; and INSERTs of the release that still runs fail when they leave the column empty. On a small table of which no row holds NULL
this is a note: the lock is short, and nobody is known to write NULL. Where a row does, it stays a warning, however small the table.

## Instead of

    migrations.AlterField(model_name="order", name="note", field=models.TextField()),

## Use

Fill the rows that hold NULL, in batches. Then one migration that adds a constraint without looking at existing rows:

    AddConstraintNotValid(
        model_name="order",
        constraint=models.CheckConstraint(condition=models.Q(note__isnull=False), name="order_note_not_null"),
    ),

a second one that checks them while others read and write:

    ValidateConstraint(model_name="order", name="order_note_not_null"),

and a third one with the `AlterField`, which now finds nothing to read, and `RemoveConstraint`. For a field with a default, and for a
foreign key, Django would do more than that: there the third one is `ALTER COLUMN ... SET NOT NULL` as a database operation of
`SeparateDatabaseAndState`, with the `AlterField` as its state operation. On the other databases, fill the rows that hold NULL in a
migration before, in the release whose code no longer writes NULL.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import CheckConstraint, Q

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded, ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.live import COUNTED_ROWS
from django_safe_migrate.analysis.proving import is_filled, proven_not_null
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.severity import by_weight
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import table_name

rule = Rule(
    __name__, severity=Severity.ERROR, directions=BOTH, about_time=True, breaks_running_code=True
)

_HOW = {
    "postgresql": f"reads the whole table under {locks.ACCESS_EXCLUSIVE}",
    "mysql": "writes the whole table anew, while others read and write",
    "sqlite": "copies the whole table, while nobody else can write to the database",
}
_FILL = (
    "Fill the rows that hold NULL in a migration before, in the release whose code no longer writes NULL, and make the column NOT NULL "
    "in the next one."
)
_NOT_YET = (
    "Leave the column nullable in this release, and fill it in batches in a migration of its own; in the next release, whose code "
    "always writes it, make it NOT NULL."
)
#: Where it keeps others waiting for as long as it lasts, and there is a way around that.
_BLOCKING = {"postgresql"}


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """A primary key is checked by its own constraint; a generated column holds what its expression gives."""
    if not change.sets_not_null or change.new.primary_key or change.new.generated:
        return
    if _is_proven(change, context):
        return
    blocks = context.vendor in _BLOCKING
    nulls = _nulls(change, context)
    how = _HOW.get(context.vendor, "checks every row")
    breaks = (
        ""
        if context.backwards
        else "; INSERTs of the release that still runs fail when they leave it empty"
    )
    yield rule.finding(
        context,
        f"Making column {change.new.name} of {change.table} NOT NULL {how}{_failing(change, nulls)}{breaks}.",
        hint=_hint(change, context, blocks=blocks),
        tables=[change.table],
        severity=_severity(change, nulls, context, blocks=blocks),
    )


def _severity(
    change: ColumnAltered, nulls: int | None, context: Context, *, blocks: bool
) -> Severity:
    """Where no row holds NULL, nobody is known to write it: then only the time matters."""
    severity = rule.severity if blocks else Severity.WARNING
    return by_weight(severity, context.estimate(change)) if nulls == 0 else severity


def _failing(change: ColumnAltered, count: int | None) -> str:
    """Whether rows can make it fail."""
    if is_filled(change):
        return ""
    if count is None:
        return ", and fails on a row that holds NULL"
    rows = "1 row holds NULL" if count == 1 else f"{count:,} rows hold NULL"
    return f", and fails as long as {rows}" if count else ""


def _nulls(change: ColumnAltered, context: Context) -> int | None:
    """How many rows hold NULL now, None where that cannot be told, or takes too long."""
    database, table, column = context.database, change.table, change.old.name
    if database is None or context.is_new(table) or context.live.is_missing(table):
        return None
    estimate = context.estimated_rows(table)
    if estimate is not None and estimate >= COUNTED_ROWS:
        return None
    if column not in database.columns(table):
        return None
    return database.count_rows(table, f"{context.quoted(column)} IS NULL")


def _is_proven(change: ColumnAltered, context: Context) -> bool:
    """Whether a validated CHECK says already that no row holds NULL."""
    wanted = Q(**{f"{change.old.field_name}__isnull": False})
    # Only read: the state's own iterator would copy every model.
    return any(
        isinstance(constraint, CheckConstraint)
        and constraint.condition == wanted
        and table_name(model) == change.table
        and context.is_validated(change.table, constraint.name)
        for model in dict.values(context.before.models)
        for constraint in model.options.get("constraints") or ()
    )


def _hint(change: ColumnAltered, context: Context, *, blocks: bool) -> str:
    if context.backwards:
        return "Fill the rows that hold NULL before going back, for the older release does not expect them."
    if _is_added_here(change, context):
        return _NOT_YET
    return (proven_not_null(change, context) if blocks else "") or _FILL


def _is_added_here(change: ColumnAltered, context: Context) -> bool:
    """Whether there is no migration before this one that could look at the column."""
    return any(
        isinstance(one, ColumnAdded)
        and one.table == change.table
        and one.column.name == change.old.name
        for one in context.changes
    )
