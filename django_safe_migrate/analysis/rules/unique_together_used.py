"""
`unique_together` may become deprecated; a `UniqueConstraint` does the same and more.

## Why it matters

Django's documentation says so of `unique_together`. A constraint has a name, which error messages and later migrations can use, and
can have a condition, expressions, and a message of its own. This rule is a matter of style: it looks only where the settings
give it a severity.

## Instead of

    migrations.AlterUniqueTogether(name="order", unique_together={("customer", "number")}),

## Use

    migrations.AddConstraint(
        model_name="order",
        constraint=models.UniqueConstraint(fields=["customer", "number"], name="order_customer_number_unique"),
    ),
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations
from django.db.models import UniqueConstraint
from django.db.models.options import normalize_together

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import table_name

rule = Rule(__name__, severity=Severity.INFO, about_rows=False, enabled=False)


@rule.operation(operations.AlterUniqueTogether, operations.CreateModel)
def check(
    operation: operations.AlterUniqueTogether | operations.CreateModel, context: Context
) -> Iterator[Finding]:
    """Only those that the operation adds."""
    old, new = (
        context.schema.model(state, context.app_label, operation.name)
        for state in (context.before, context.after)
    )
    if new is None or is_third_party(context.planned):
        return
    before, after = (
        set(normalize_together(() if model is None else model.options.get("unique_together") or ()))
        for model in (old, new)
    )
    for names in sorted(after - before):
        table = table_name(new)
        yield rule.finding(
            context,
            f"{', '.join(names)} of {table} are made unique by unique_together, which may become deprecated.",
            hint=_hint(operation.name, names)
            if isinstance(operation, operations.CreateModel)
            else _ON_EXISTING,
            tables=[table],
        )


_ON_EXISTING = "Use a UniqueConstraint; add_unique says how it is added to a table that others use."


def _hint(model_name: str, names: tuple[str, ...]) -> str:
    name = f"{'_'.join((model_name.lower(), *names))[:23]}_unique"
    constraint = UniqueConstraint(fields=list(names), name=name)
    return f"Use a constraint:\n\n{code(operations.AddConstraint(model_name.lower(), constraint))}"
