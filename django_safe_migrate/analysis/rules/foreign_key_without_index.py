"""
A foreign key without an index reads the whole table whenever a row that it refers to is deleted.

## Why it matters

To delete a row, the database, and Django with `CASCADE`, look for the rows that refer to it; so does every
`customer.order_set`. Without an index that is a scan of the whole table each time. MariaDB and MySQL make an index of their own
for each foreign key.

## Instead of

    migrations.AddField(
        model_name="order",
        name="shop",
        field=models.ForeignKey("shop.Shop", models.PROTECT, null=True, db_index=False),
    ),

## Use

The same field, which is added quickly, and an index that begins with it. On PostgreSQL, in a migration of its own with
`atomic = False`:

    AddIndexConcurrently(model_name="order", index=models.Index(fields=["shop"], name="order_shop_idx")),
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.models import UniqueConstraint
from django.db.models.options import normalize_together

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import flat, table_name

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ModelState

rule = Rule(__name__, severity=Severity.INFO, vendors={"postgresql", "sqlite"}, about_rows=False)


@rule.operation(operations.CreateModel, operations.AddField, operations.AlterField)
def check(operation: Operation, context: Context) -> Iterator[Finding]:
    """A field that is new or loses its index; the index may come later in the migration."""
    if is_third_party(context.planned):
        return
    model_name = getattr(operation, "model_name", getattr(operation, "name", ""))
    old, new = (
        context.schema.model(state, context.app_label, model_name)
        for state in (context.before, context.after)
    )
    for name, field in () if new is None else new.fields.items():
        if new is None or not _lacks(name, field, new) or name in _later(model_name, context):
            continue
        if old is None or name not in old.fields or not _lacks(name, old.fields[name], old):
            yield rule.finding(
                context,
                f"The foreign key {name} of {table_name(new)} has no index, so that deleting a row that it refers to reads the whole "
                "table.",
                hint=f"Add an index that begins with it: models.Index(fields=[{name!r}], name=...).",
                tables=[table_name(new)],
            )


def _lacks(name: str, field: Any, model: ModelState) -> bool:
    if not field.many_to_one or field.db_index or field.unique:
        return False
    return not field.primary_key and name not in _leading(model)


def _later(model_name: str, context: Context) -> set[str]:
    """The fields that an index begins with which any operation of the migration adds."""
    found = set()
    for planned in context.planned.operations:
        for operation in flat(planned.operation):
            if isinstance(operation, operations.AddIndex | operations.AddConstraint):
                added: Any = getattr(operation, "index", getattr(operation, "constraint", None))
                names = getattr(added, "fields", ())
                if operation.model_name.lower() == model_name.lower() and names:
                    found.add(names[0].lstrip("-"))
    return found


def _leading(model: ModelState) -> set[str]:
    """The fields that an index or a unique constraint over all rows begins with."""
    options = model.options
    lists = [
        *normalize_together(options.get("unique_together") or ()),
        *normalize_together(options.get("index_together") or ()),
        *(index.fields for index in options.get("indexes") or () if not index.condition),
        *(
            constraint.fields
            for constraint in options.get("constraints") or ()
            if isinstance(constraint, UniqueConstraint) and constraint.condition is None
        ),
    ]
    return {names[0].lstrip("-") for names in lists if names}
