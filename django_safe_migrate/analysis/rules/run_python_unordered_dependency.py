"""
RunPython takes a model that a migration makes on which its own does not depend.

## Why it matters

Django runs migrations in the order of their dependencies, and in any order where there are none. On the database at hand the other app
may be migrated already; on a new one, in tests and CI, this migration may come first, and fails with ``LookupError``.

Where there is no such model at this point of this plan, this run fails: that is an error.

## Instead of

    def copy_names(apps, schema_editor):
        Customer = apps.get_model("customers", "Customer")
        ...

    dependencies = [("shop", "0001_initial")]

## Use

    dependencies = [("shop", "0001_initial"), ("customers", "0001_initial")]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.ordering import Made
from django_safe_migrate.analysis.reading_python import ModelName, ModelTaken
from django_safe_migrate.analysis.reading_python.of_change import (
    model_state,
    place,
    title,
    uses,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

# It is on new databases that it fails.
rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """One finding per model; nothing where the code looks first whether it is there."""
    seen: set[tuple[str, str]] = set()
    for use in uses(change, context, ModelTaken):
        if use.guarded or use.model.key in seen:
            continue
        seen.add(use.model.key)
        if _is_missing(use.model, context):
            yield _missing(change, context, use)
        else:
            migration = (context.app_label, context.planned.name)
            found = context.order.made(migration, use.model.key)
            if found is not None and not found.before:
                yield _unordered(change, context, use, found)


def _is_missing(model: ModelName, context: Context) -> bool:
    """Whether there is certainly no such model: its app has others that migrations have made."""
    state = context.before
    if model_state(model, context) is not None or model.app_label in state.real_apps:
        return False
    return any(label == model.app_label for label, _ in state.models)


def _missing(change: CodeRun, context: Context, use: ModelTaken) -> Finding:
    label = use.model.label
    verb = "fails" if use.sure else "fails when it gets there"
    return rule.finding(
        context,
        f"{title(change, context)} takes the model {label}, and there is none at this point: it {verb}.",
        hint="Correct the name, or depend on the migration that makes the model and run before the one that deletes or renames it.",
        severity=Severity.ERROR if use.sure else None,
        **place(use),
    )


def _unordered(change: CodeRun, context: Context, use: ModelTaken, found: Made) -> Finding:
    names = " or ".join(f"{app}.{name}" for app, name in found.by)
    what = "which makes it" if found.app else f"nor on any other migration of {use.model.app_label}"
    first = min(found.by)
    dependencies = [*context.planned.migration.dependencies, first]
    lines = "".join(f'    ("{app}", "{name}"),\n' for app, name in dependencies)
    return rule.finding(
        context,
        f"{title(change, context)} takes the model {use.model.label}, but {context.planned.label} does not depend on {names}, {what}: "
        "on a new database it may run first, and fails.",
        hint=f"dependencies = [\n{lines}]",
        **place(use),
    )
