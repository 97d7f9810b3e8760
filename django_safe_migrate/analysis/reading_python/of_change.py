"""What rules ask about the Python that a change runs: its uses of one kind, the tables they are about, their place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.migrations.operations import RunPython

from django_safe_migrate.analysis.reading_python.reader import read
from django_safe_migrate.analysis.reading_python.uses import ModelName, SQLExecuted, Use
from django_safe_migrate.analysis.reading_python.vendors import ANY
from django_safe_migrate.sql.reading import read as read_sql
from django_safe_migrate.sql.tables import table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState

    from django_safe_migrate.analysis.changes import CodeRun
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.databases.statements import Statement

Kind = TypeVar("Kind", bound=Use)

#: Tables that Django fills with a row per model, permission or site, whatever the project's users do.
_SMALL = {
    ("contenttypes", "contenttype"),
    ("auth", "permission"),
    ("auth", "group"),
    ("sites", "site"),
}


def uses(change: CodeRun, context: Context, kind: type[Kind]) -> Iterator[Kind]:
    """Yield the uses of this kind in the code that the change runs on this vendor, in the direction of the plan."""
    if change.code is None or change.code is RunPython.noop:
        return
    seen = set()
    for use in read(change.code, type(context.planned.migration).__module__):
        if not isinstance(use, kind) or not use.vendors.has(context.vendor):
            continue
        # Reached in two ways, it is still one place.
        found = dataclasses.replace(use, vendors=ANY)
        if found not in seen:
            seen.add(found)
            yield found


def executed(change: CodeRun, context: Context) -> Iterator[tuple[SQLExecuted, Statement]]:
    """Yield the statements whose text is a constant of the code that the change runs, each with where it is executed."""
    for use in uses(change, context, SQLExecuted):
        if use.text:
            for statement in read_sql([use.text], context.vendor):
                yield use, statement


def title(change: CodeRun, context: Context) -> str:
    """Return what messages call the operation: ``RunPython of fill_numbers in shop.0002_change``."""
    name = getattr(change.code, "__name__", "")
    of = f" of {name}" if name and name != "<lambda>" else ""
    return f"RunPython{of} in {context.planned.label}"


def model_state(model: ModelName, context: Context) -> ModelState | None:
    """Return the model as it is when the code runs, None when there is none."""
    return context.before.models.get(model.key)


def table_of(model: ModelName, context: Context) -> str:
    """Return the table of a model when the code runs, empty when there is no such model."""
    state = model_state(model, context)
    return "" if state is None else table_name(state)


def growing_table_of(model: ModelName, context: Context) -> str:
    """Return the table of a model, empty also when it is one of Django's that stay small."""
    return "" if model.key in _SMALL else table_of(model, context)


def place(use: Use) -> dict[str, Any]:
    """Return the fields of a finding that say where in the code it is."""
    return {"file": use.file, "line": use.line}
