"""
RunPython writes the values of rows into the text of SQL.

## Why it matters

What users have typed becomes a part of the statement. An apostrophe makes the migration fail half-way; anything else is carried out
with the rights of the owner of the tables.

## Instead of

    for order in Order.objects.iterator(chunk_size=2000):
        cursor.execute(f"UPDATE shop_log SET title = '{order.title}' WHERE order_id = {order.pk}")

## Use

    for order in Order.objects.iterator(chunk_size=2000):
        cursor.execute("UPDATE shop_log SET title = %s WHERE order_id = %s", [order.title, order.pk])
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import ModelName, SQLExecuted
from django_safe_migrate.analysis.reading_python.of_change import (
    model_state,
    place,
    title,
    uses,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)

#: Fields whose values can be any text; keys, numbers and dates cannot end a string in SQL.
_TEXTS = {
    "CharField",
    "EmailField",
    "FileField",
    "FilePathField",
    "ImageField",
    "JSONField",
    "SlugField",
    "TextField",
    "URLField",
}


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Where a column that holds text ends up in SQL; names of tables and constants do not."""
    for use in uses(change, context, SQLExecuted):
        names = [
            f"{model.label}.{name}" for model, name in use.columns if _is_text(model, name, context)
        ]
        if names:
            yield rule.finding(
                context,
                f"{title(change, context)} writes values of {', '.join(names)} into the text of SQL, "
                "which an apostrophe breaks and anybody who could enter such a value can extend.",
                hint='Give the values apart from the text:\n\nexecute("... WHERE title = %s", [value])',
                **place(use),
            )


def _is_text(model: ModelName, name: str, context: Context) -> bool:
    state = model_state(model, context)
    field = None if state is None else state.fields.get(name)
    return field is not None and field.get_internal_type() in _TEXTS
