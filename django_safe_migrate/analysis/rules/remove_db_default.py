"""
Without the database's default, INSERTs of the release that still runs fail, for they rely on it.

## Why it matters

For a field with a `db_default` Django writes DEFAULT into its INSERTs, or leaves the column out. When the column has no default any
more, that is NULL: the INSERT fails if the column is NOT NULL, and stores NULL otherwise. The same goes for SQL and for other programs
that leave the column out. Undoing a migration that added a `db_default` does the same to the newer release. Only on SQLite, and with older versions of Django, does Django write the value itself.

## Instead of

    migrations.AlterField(model_name="order", name="state", field=models.IntegerField(default=0)),   # was db_default=0

## Use

Keep the database's default for one more release, next to the one in Python:

    migrations.AlterField(model_name="order", name="state", field=models.IntegerField(db_default=0, default=0)),
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.recipes import GOING_BACK
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, breaks_running_code=True)


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """A field with a default in Python too never writes DEFAULT, except that of a release which does not know the column."""
    old, new = change.old, change.new
    if not old.has_db_default or new.has_db_default:
        return
    if context.is_new_column(change.table, old.name):
        yield from _of_new_column(change, context)
        return
    if old.field.has_default():
        return
    harm = "store NULL" if new.null else "fail"
    release = "the newer release" if context.backwards else "the release that still runs"
    # What has happened can only be undone so, and the older release does without.
    is_mild = new.null or _is_written(context) or context.backwards
    yield rule.finding(
        context,
        f"Column {new.name} of {change.table} loses its default in the database, so that INSERTs of {release}, "
        f"which rely on it, {harm} until it is replaced.",
        hint=GOING_BACK if context.backwards else _hint(change, context),
        tables=[change.table],
        severity=Severity.WARNING if is_mild else None,
    )


def _of_new_column(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """A column that the same plan has added; NULL in it harms nobody."""
    column = change.new
    if column.must_be_given:
        yield rule.finding(
            context,
            f"Column {column.name} of {change.table}, which the same plan adds, loses its default in the database again, so that INSERTs "
            "of the release that still runs, which do not name it, fail until it is replaced.",
            hint=_hint(change, context),
            tables=[change.table],
        )


def _is_written(context: Context) -> bool:
    """Whether some versions of Django write the value itself into INSERTs."""
    return not context.schema.connection.features.supports_default_keyword_in_insert


def _hint(change: ColumnAltered, context: Context) -> str:
    operation = context.operation
    if not isinstance(operation, operations.AlterField):
        return "Keep the db_default for one more release."
    field = operation.field.clone()
    field.db_default = change.old.db_default
    kept = code(operations.AlterField(operation.model_name, operation.name, field))
    return f"Keep it for one more release:\n\n{kept}"
