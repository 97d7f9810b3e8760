"""How a column becomes NOT NULL on PostgreSQL while others read and write: the migrations, as code for a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.migrations.writer import MigrationWriter
from django.db.models import CheckConstraint, Q

from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.recipes import free_constraint_name, nullable, separated, sql

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import ColumnAltered
    from django_safe_migrate.analysis.context import Context

_FILLING = """\
def fill_{field}(apps, schema_editor):
    {model} = apps.get_model({app!r}, {model!r})
    empty = {model}.objects.using(schema_editor.connection.alias).filter({field}__isnull=True).order_by("pk")
    batch = list(empty.values_list("pk", flat=True)[:1000])
    while batch:
        empty.filter(pk__in=batch).update({field}={value})
        batch = list(empty.filter(pk__gt=batch[-1]).values_list("pk", flat=True)[:1000])"""

#: Where one value for all rows of a batch would break a unique constraint.
_FILLING_EACH = """\
def fill_{field}(apps, schema_editor):
    {model} = apps.get_model({app!r}, {model!r})
    rows = {model}.objects.using(schema_editor.connection.alias)
    empty = rows.filter({field}__isnull=True).only("pk").order_by("pk")
    batch = list(empty[:1000])
    while batch:
        for row in batch:
            row.{field} = {value}
        rows.bulk_update(batch, [{field!r}], batch_size=1000)
        batch = list(empty.filter(pk__gt=batch[-1].pk)[:1000])"""


def proven_not_null(change: ColumnAltered, context: Context) -> str:
    """
    Return the migrations that take the place of an ``AlterField``, a paragraph each, with words before them.

    A CHECK constraint that is validated while others write proves that no row holds NULL, so that nothing is left to read. Rows are
    filled before; Django would do so in one statement, under the lock. Empty where the operation is not an ``AlterField`` of its own.
    """
    operation = context.operation
    if not isinstance(operation, operations.AlterField) or context.is_nested or context.backwards:
        return ""
    name = free_constraint_name(
        context.before,
        f"{operation.model_name_lower}_{operation.name_lower}_not_null",
        context.schema.connection.ops.max_name_length(),
    )
    condition = Q(**{f"{operation.name}__isnull": False})
    added = operations.AddConstraint(
        operation.model_name, CheckConstraint(condition=condition, name=name)
    )
    steps = [
        *_before(change, operation, context),
        code(added, name="AddConstraintNotValid"),
        f"ValidateConstraint(model_name={operation.model_name!r}, name={name!r}),",
        f"{_last(change, operation, context)}\n"
        f"{code(operations.RemoveConstraint(operation.model_name, name))}",
    ]
    return "\n\n".join([_words(change, steps), *steps])


def _words(change: ColumnAltered, steps: list[str]) -> str:
    imported = "(from django.contrib.postgres.operations)"
    if not is_filled(change):
        return f"Fill the rows that hold NULL, and prove that there are none before; three migrations {imported}:"
    return f"Fill the rows that hold NULL in batches, and prove that there are none before; one migration for each of these steps, that with RunPython with atomic = False {imported}:"


def is_filled(change: ColumnAltered) -> bool:
    """Return whether Django fills the rows that hold NULL: the field has a default, which auto_now and blank=True are not."""
    return change.new.field.has_default() or change.new.has_db_default


def _before(change: ColumnAltered, operation: operations.AlterField, context: Context) -> list[str]:
    """What else the operation changes, and the rows."""
    steps = []
    if _changes_more(change):
        steps.append(nullable(operation.model_name, operation.name, operation.field))
    if is_filled(change):
        column = change.new
        is_each = column.unique and not column.has_db_default and callable(column.field.default)
        filling = (_FILLING_EACH if is_each else _FILLING).format(
            app=context.app_label,
            model=context.before.models[context.app_label, operation.model_name_lower].name,
            field=operation.name,
            value=_value(change),
        )
        steps.append(filling)
        steps.append(f"migrations.RunPython(fill_{operation.name}, migrations.RunPython.noop),")
    return steps


def _value(change: ColumnAltered) -> str:
    """What Django would give to these rows."""
    column = change.new
    field: Any = column.field
    default = column.db_default if column.has_db_default else field.default
    written, _ = MigrationWriter.serialize(default)
    return f"{written}()" if callable(default) and not column.has_db_default else str(written)


def _changes_more(change: ColumnAltered) -> bool:
    old, new = change.old, change.new
    return change.changes_type or (
        (old.unique, old.indexed, old.check, old.collation, old.references, old.db_default)
        != (new.unique, new.indexed, new.check, new.collation, new.references, new.db_default)
    )


def _last(change: ColumnAltered, operation: operations.AlterField, context: Context) -> str:
    """The change itself: by SQL where Django would do more than is left to do, such as filling rows or making a foreign key anew."""
    if not is_filled(change) and not change.old.references:
        return code(operation)
    column = (
        f"ALTER TABLE {context.quoted(change.table)} ALTER COLUMN {context.quoted(change.new.name)}"
    )
    return separated([sql(f"{column} SET NOT NULL", f"{column} DROP NOT NULL")], [operation])
