"""
A field refers to a model that a migration makes on which its own does not depend.

## Why it matters

Django orders migrations by their dependencies, and in any order where there are none. `makemigrations` writes the dependency of a
relation down; by hand, and when migrations are moved or merged, it is left out easily. On a new database, in tests and CI, the
migration may come first, and fails because the model that it refers to is not there.

## Instead of

    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AddField("order", "owner", models.ForeignKey("accounts.User", models.PROTECT, null=True)),
    ]

## Use

    dependencies = [("shop", "0001_initial"), ("accounts", "0001_initial")]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations import operations
from django.db.migrations.utils import resolve_relation

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.ordering import Made
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

# It is on new databases that it fails.
rule = Rule(__name__, severity=Severity.WARNING, about_rows=False)


@rule.operation(operations.CreateModel, operations.AddField, operations.AlterField)
def check(operation: Any, context: Context) -> Iterator[Finding]:
    """One finding per model; nothing where the order cannot be told."""
    if context.backwards:
        return
    migration = (context.app_label, context.planned.name)
    for key in dict.fromkeys(_referred(operation, context)):
        found = context.order.made(migration, key)
        if found is not None and not found.before:
            yield _finding(key, found, context)


def _referred(operation: Any, context: Context) -> Iterator[tuple[str, str]]:
    """The models that fields name, those between included, and those that a new model inherits from."""
    is_new = isinstance(operation, operations.CreateModel)
    name = operation.name if is_new else operation.model_name
    fields = [field for _, field in operation.fields] if is_new else [operation.field]
    bases = [base for base in operation.bases if isinstance(base, str)] if is_new else []
    for field in fields:
        relation = getattr(field, "remote_field", None)
        if relation is not None:
            bases += filter(None, (relation.model, getattr(relation, "through", None)))
    for model in bases:
        yield resolve_relation(model, context.app_label, name.lower())


def _finding(key: tuple[str, str], found: Made, context: Context) -> Finding:
    app_label, name = min(found.by)
    dependencies = [*context.planned.migration.dependencies, (app_label, name)]
    lines = "".join(f'    ("{app}", "{migration}"),\n' for app, migration in dependencies)
    return rule.finding(
        context,
        f"{context.planned.label} refers to the model {'.'.join(key)}, but does not depend on {app_label}.{name}, which makes it: on a new "
        "database it may run first, and fails.",
        hint=f"dependencies = [\n{lines}]",
    )
