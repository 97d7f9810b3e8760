"""
A migration with RunPython that has no reverse cannot be undone.

## Why it matters

Going back stops at this migration, so that neither it nor any migration after it can be undone except by restoring a backup.

## Instead of

    migrations.RunPython(fill_numbers),

## Use

    migrations.RunPython(fill_numbers, migrations.RunPython.noop),

or a function that takes back what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Only where routers let it run."""
    if change.reverse_code is None:
        name = getattr(change.code, "__name__", "")
        what = f"RunPython of {name}" if name and name != "<lambda>" else "RunPython"
        yield rule.finding(
            context,
            f"{what} in {context.planned.label} has no reverse, so that neither it nor what comes after it can be undone.",
            hint=f"If there is nothing to take back, say so:\n\n{_with_noop(context)}",
        )


def _with_noop(context: Context) -> str:
    operation = context.operation
    if not isinstance(operation, operations.RunPython):
        return "reverse_code=migrations.RunPython.noop"
    return code(
        operations.RunPython(
            operation.code, operations.RunPython.noop, operation.atomic, operation.hints
        )
    )
