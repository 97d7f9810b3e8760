"""
RunPython uses a model class as it is today, which does not fit the tables as they are at that migration.

## Why it matters

A migration runs for years: in tests, in CI, on every new database. The class that it imports changes meanwhile. As soon as a field is
added to it, its queries name a column that does not exist yet when this migration runs, and no new database can be made any more.

Where the class already has a column that the table lacks at this point, and rows are read or made with it, this run fails: that is an
error. Otherwise nothing breaks today, and it is a warning.

## Instead of

    from shop.models import Order

    def fill_numbers(apps, schema_editor):
        for order in Order.objects.filter(number=None).iterator(chunk_size=2000):
            ...

## Use

    def fill_numbers(apps, schema_editor):
        Order = apps.get_model("shop", "Order")
        for order in Order.objects.filter(number=None).iterator(chunk_size=2000):
            ...
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import TodaysModelUsed
from django_safe_migrate.analysis.reading_python.of_change import (
    model_state,
    place,
    title,
    uses,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

# A new table does not make it better: it is on new databases that it breaks.
rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)

#: Methods that name every column of the class.
_ALL_COLUMNS = {
    "bulk_create",
    "create",
    "first",
    "get",
    "get_or_create",
    "iterator",
    "last",
    "update_or_create",
}


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """One finding per model."""
    found: dict[str, TodaysModelUsed] = {}
    for use in uses(change, context, TodaysModelUsed):
        better = use.method in _ALL_COLUMNS and not use.guarded
        if use.model.label not in found or (
            better and found[use.model.label].method not in _ALL_COLUMNS
        ):
            found[use.model.label] = use
    for label, use in found.items():
        missing = _missing(use, context)
        fails = bool(missing) and use.method in _ALL_COLUMNS and not use.guarded
        what = f"{title(change, context)} uses the model class {label} as it is today"
        yield rule.finding(
            context,
            f"{what}, and its table has no column {', '.join(missing)} at this point: the query fails."
            if fails
            else f"{what}, which fails on a new database as soon as the class has a column that its table lacks at this point.",
            hint=f"Take the model as it is at this migration:\n\n"
            f'{use.model.name} = apps.get_model("{use.model.app_label}", "{use.model.name}")',
            severity=Severity.ERROR if fails else None,
            **place(use),
        )


def _missing(use: TodaysModelUsed, context: Context) -> list[str]:
    """Columns of today's class that the table does not have; nothing where fields come from a parent or a field of the project."""
    state = model_state(use.model, context)
    if state is None:
        return []
    options = apps.get_model(*use.model.key)._meta
    names = set(state.fields)
    return [
        str(field.column)
        for field in options.local_concrete_fields
        if field.name not in names
        and field.column not in names
        and type(field).__module__.startswith("django.")
    ]
