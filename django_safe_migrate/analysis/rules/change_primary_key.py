"""
Changing a primary key writes its table anew, and every table that refers to it, while all of them are blocked.

## Why it matters

A foreign key has the type of the primary key that it refers to. Django changes both: it drops the foreign keys, writes the table and
each referring table anew, builds their indexes again and looks every row up to add the foreign keys back. PostgreSQL holds an ACCESS
EXCLUSIVE lock, which blocks reads and writes, on all of these tables at the same time. Another column as primary key breaks whatever
refers to the old one. A composite one Django makes only with a new table: an existing table is left without any.

## Instead of

    migrations.AlterField(model_name="order", name="id", field=models.BigAutoField(primary_key=True)),   # was AutoField

## Use

For small tables, a maintenance window. For big ones a new `bigint` column that a trigger fills, filled in batches for existing rows,
with a unique index that is built CONCURRENTLY; then swap the two columns in a transaction that only changes names and constraints.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded, ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rewriting import rewrites_table
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import many_to_many_table, own_tables, table_name

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, about_time=True)

_HINT = (
    "For big tables add a column of the new type that a trigger fills, fill it in batches, build its unique index without blocking, "
    "and swap the columns. Otherwise do it in a maintenance window, and say so: "
    f'safe_migrate_allow = {{"{rule.name}": "..."}}'
)

#: Where the server itself would keep the foreign keys.
_ONLY_TYPES = {
    "postgresql": "The change itself does not need that: make it with RunSQL, ALTER TABLE ... ALTER COLUMN ... TYPE for each of the "
    "columns, as database_operations of a SeparateDatabaseAndState, with the AlterField as its state_operation."
}


@rule.change(ColumnAltered)
def check_type(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """Only a type that differs for the database: AutoField to BigAutoField is none on SQLite."""
    if not (change.old.primary_key and change.new.primary_key and change.changes_type):
        return
    referring = _referring(change.table, context)
    if not rewrites_table(change, context):
        yield from _made_anew(change, referring, context)
        return
    also = f", and of {', '.join(referring)}, which refer to it," if referring else ""
    lock = locks.REWRITE.get(context.vendor)
    how = f"under {lock}" if lock else "while nobody else can write to the database"
    yield rule.finding(
        context,
        f"Changing the type of the primary key {change.new.name} of {change.table} writes every row of it{also} anew {how}.",
        hint=_HINT,
        tables=[change.table, *referring],
    )


def _made_anew(
    change: ColumnAltered, referring: tuple[str, ...], context: Context
) -> Iterator[Finding]:
    """A longer text leaves rows as they are; but Django drops the foreign keys to it and adds them again."""
    facts = context.facts(change)
    looked_up = [table for table in referring if facts.reads_all(table)]
    if looked_up:
        yield rule.finding(
            context,
            f"Changing the type of the primary key {change.new.name} of {change.table} makes the foreign keys of {', '.join(looked_up)} "
            f"anew, which looks up every row under {locks.REWRITE.get(context.vendor, 'a lock')}.",
            hint=_ONLY_TYPES.get(context.vendor, _HINT),
            tables=looked_up,
        )


@rule.change(ColumnAltered, ColumnAdded)
def check_replaced(change: ColumnAltered | ColumnAdded, context: Context) -> Iterator[Finding]:
    """Another column takes over."""
    if isinstance(change, ColumnAdded):
        takes_over, column = change.column.primary_key, change.column
    else:
        takes_over, column = change.new.primary_key and not change.old.primary_key, change.new
    if takes_over:
        referring = _referring(change.table, context)
        breaks = f" and breaks the foreign keys of {', '.join(referring)}" if referring else ""
        yield rule.finding(
            context,
            f"Column {column.name} becomes the primary key of {change.table}, which builds its index over all rows while the table is "
            f"blocked{breaks}.",
            hint=_HINT,
            tables=[change.table, *referring],
        )


@rule.migration
def check_lost(context: Context) -> Iterator[Finding]:
    """Nothing takes over, as when a `CompositePrimaryKey` is added, for which Django executes nothing."""
    lost = {c.table: c for c in context.changes if isinstance(c, ColumnAltered) and _loses_key(c)}
    for change in context.changes:
        if isinstance(change, ColumnAdded | ColumnAltered) and _gets_key(change):
            lost.pop(change.table, None)
    for table, change in lost.items():
        yield rule.finding(
            context,
            f"{context.planned.label} takes the primary key {change.old.name} from {table}, and Django makes no other one of a table "
            "that exists: the migration fails, or leaves the table without any.",
            hint=_COMPOSITE,
            tables=[table],
        )


def _loses_key(change: ColumnAltered) -> bool:
    return change.old.primary_key and not change.new.primary_key


def _gets_key(change: ColumnAdded | ColumnAltered) -> bool:
    column = change.column if isinstance(change, ColumnAdded) else change.new
    return column.primary_key


_COMPOSITE = (
    "Django does not make a composite primary key of an existing table: make a new table with it, and copy the rows in batches; or keep "
    "the key, and add a UniqueConstraint."
)


def _referring(table: str, context: Context) -> tuple[str, ...]:
    """Tables, in the order of the state, with a foreign key to this one."""
    found: dict[str, None] = {}
    for model in dict.values(context.before.models):
        if table_name(model) == table:
            found.update(dict.fromkeys(own_tables(model)[1:]))
        for name, field in model.fields.items():
            if field.remote_field is None:
                continue
            target = context.schema.referenced_table(context.before, model, field)
            through = many_to_many_table(model, name, field)
            if target == table and (through or not field.many_to_many):
                found.setdefault(through or table_name(model))
    found.pop(table, None)
    return tuple(found)
