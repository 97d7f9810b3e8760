"""
RunPython writes the rows of a table one by one.

## Why it matters

Each row is a statement of its own and a trip to the server and back. A million rows take an hour or so, in which an atomic migration
holds the lock of every row that it has written and of every schema change before it.

## Instead of

    for order in Order.objects.iterator(chunk_size=2000):
        order.number = number_of(order)
        order.save()

## Use

    rows = []
    for order in Order.objects.iterator(chunk_size=2000):
        order.number = number_of(order)
        rows.append(order)
        if len(rows) == 2000:
            Order.objects.bulk_update(rows, ["number"], batch_size=2000)
            rows.clear()
    Order.objects.bulk_update(rows, ["number"], batch_size=2000)

or, where the database can work out the value, `Order.objects.filter(...).update(number=F("id"))` for a batch of rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import Written
from django_safe_migrate.analysis.reading_python.of_change import (
    growing_table_of,
    model_state,
    place,
    table_of,
    title,
    uses,
)
from django_safe_migrate.analysis.reading_python.together import together
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Wherever a loop over what may be every row of a table writes for each."""
    for use in uses(change, context, Written):
        if not use.per_row or use.loop is None:
            continue
        table = table_of(use.model, context)
        looped = growing_table_of(use.loop.model, context)
        if table and looped:
            of = "" if looped == table else f" for each row of {looped}"
            yield rule.finding(
                context,
                f"{title(change, context)} writes to {table} row by row, with a statement for each "
                f"{use.method}(){of}{context.filled(looped)}.",
                hint=_hint(use, context),
                # How many rows there are is a matter of the table that the loop goes through.
                tables=[looped],
                severity=Severity.INFO if context.is_small(looped) else None,
                **place(use),
            )


def _hint(use: Written, context: Context) -> str:
    state = model_state(use.model, context)
    fields: dict[str, Any] = {} if state is None else state.fields
    filled = [name for name, field in fields.items() if getattr(field, "auto_now", False)]
    inherits = state is not None and any(
        getattr(field.remote_field, "parent_link", False) for field in fields.values()
    )
    text = together(use, filled_on_save=filled, inherits=inherits)
    if text:
        return f"Write many rows with one statement:\n\n{text}"
    return _IN_WORDS.get(use.method, _OTHERWISE)


_EXISTING = (
    "Take some thousand rows at a time: ask with one filter(...__in=...) which of the others exist already, and make those that are "
    "missing with bulk_create()"
)
_IN_WORDS = {
    "get_or_create": f"{_EXISTING}.",
    "update_or_create": f"{_EXISTING}; write the others with bulk_update().",
    "delete": "Keep the keys of some thousand rows in a list, and delete these with one filter(pk__in=...).",
    "create": "Keep some thousand new rows in a list, and make them with one bulk_create().",
}
_OTHERWISE = (
    "Keep some thousand rows in a list, and write them with one bulk_update() or bulk_create(); where the database can work out the "
    "value, update() of a batch of keys does without reading them."
)
