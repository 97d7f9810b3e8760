"""
A primary key of 32 bits is used up after 2,147,483,647 rows, and enlarging it later blocks the table for long.

## Why it matters

Every INSERT takes a number, also one that fails or whose row is deleted again. When they are used up, no row can be inserted any more,
and changing the type of the primary key writes this table and all that refer to it anew. From the start, 64 bits cost four bytes a row.

## Instead of

    migrations.CreateModel(
        name="Event",
        fields=[("id", models.AutoField(primary_key=True))],
    ),

## Use

    migrations.CreateModel(
        name="Event",
        fields=[("id", models.BigAutoField(primary_key=True))],
    ),

and `DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"` in the settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import table_name

# On SQLite every integer has 64 bits.
rule = Rule(__name__, severity=Severity.INFO, vendors={"postgresql", "mysql"}, about_rows=False)

_SMALL = {"AutoField", "SmallAutoField"}


@rule.operation(operations.CreateModel)
def check(operation: operations.CreateModel, context: Context) -> Iterator[Finding]:
    """New tables of the project only: the time to choose is now."""
    model = context.schema.model(context.after, context.app_label, operation.name)
    if model is None or is_third_party(context.planned):
        return
    for name, field in model.fields.items():
        kind = field.get_internal_type()
        if field.primary_key and kind in _SMALL:
            yield rule.finding(
                context,
                f"The primary key {name} of the new table {table_name(model)} is {kind}, whose numbers can be used up.",
                hint='Use models.BigAutoField, best for all models: DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField".',
                tables=[table_name(model)],
            )
