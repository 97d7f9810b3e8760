"""
RunPython names a field that its model does not have at that migration.

## Why it matters

The query raises ``FieldError`` or ``TypeError`` and the migration fails, on this database or on the next new one: the field was removed
or renamed before, or is added only later.

## Instead of

    operations = [
        migrations.RemoveField("order", "note"),
        migrations.RunPython(copy_notes),     # Order.objects.exclude(note="")
    ]

## Use

    operations = [
        migrations.RunPython(copy_notes),
        migrations.RemoveField("order", "note"),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import models

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import FieldNamed
from django_safe_migrate.analysis.reading_python.of_change import (
    model_state,
    place,
    title,
    uses,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState, ProjectState

# A query fails on an empty table as well.
rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Where it can be told for certain: fields of Django, no parents of which migrations know nothing, no managers of the project."""
    seen: set[tuple[str, str]] = set()
    known: dict[str, set[str] | None] = {}
    for use in uses(change, context, FieldNamed):
        state = model_state(use.model, context)
        if state is None or use.guarded or (use.model.label, use.name) in seen:
            continue
        if use.model.label not in known:
            known[use.model.label] = _names(state, context.before)
        names = known[use.model.label]
        if names is None or use.name in names or use.name in use.known:
            continue
        seen.add((use.model.label, use.name))
        yield rule.finding(
            context,
            f"{title(change, context)} names {use.model.label}.{use.name} in {use.method}(), and the model has no such field at this "
            f"point: it fails{'' if use.sure else ' when it gets there'}.",
            hint=f"Run it before {use.name} is removed or renamed, or after it is added, in a migration that depends on that one; or use "
            f"one of the fields that {use.model.label} has: {', '.join(sorted(state.fields))}.",
            severity=Severity.ERROR if use.sure else None,
            **place(use),
        )


def _names(state: ModelState, project: ProjectState) -> set[str] | None:
    """Every name that a query of the model may start with, None when there may be others that cannot be seen."""
    if state.managers:
        return None
    names = {"pk", "_order"}
    for name, field in state.fields.items():
        if not type(field).__module__.startswith("django."):
            return None
        names |= {name, f"{name}_id"}
    for base in state.bases:
        if base is models.Model:
            continue
        parent = project.models.get(_key(base)) if isinstance(base, str) else None
        inherited = None if parent is None else _names(parent, project)
        if inherited is None:
            return None
        names |= inherited
    return names | _related_names(project)


def _key(base: str) -> tuple[str, str]:
    app_label, _, name = base.rpartition(".")
    return app_label, name.lower()


def _related_names(project: ProjectState) -> set[str]:
    """The names by which any model can be reached from another, whichever that is."""
    found: set[str] = set()
    for (_, model_name), state in dict.items(project.models):
        for field in state.fields.values():
            relation = field.remote_field
            if relation is None:
                continue
            found |= {model_name, f"{model_name}_set"}
            for name in (relation.related_name, relation.related_query_name):
                if name:
                    found.add(
                        name
                        % {
                            "class": model_name,
                            "model_name": model_name,
                            "app_label": state.app_label,
                        }
                    )
    return found
