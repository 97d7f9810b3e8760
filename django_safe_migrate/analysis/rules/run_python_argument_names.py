"""
The function of a RunPython names its arguments otherwise than all others do.

## Why it matters

It is a matter of style only, and off unless the settings give it a severity. Readers, reviews and tools know the arguments as ``apps``
and ``schema_editor``.

## Instead of

    def fill_numbers(registry, editor):
        ...

## Use

    def fill_numbers(apps, schema_editor):
        ...
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations import RunPython

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python.of_change import title
from django_safe_migrate.analysis.reading_python.reader import definition
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, directions=BOTH, about_rows=False, enabled=False)

_NAMES = ("apps", "schema_editor")


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """A leading underscore, as unused arguments have it, is no other name."""
    if change.code is None or change.code is RunPython.noop:
        return
    found = definition(change.code)
    names = found.parameters[:2]
    given = tuple(name.lstrip("_") for name in names)
    if len(names) == 2 and any(
        name and name != usual for name, usual in zip(given, _NAMES, strict=True)
    ):
        yield rule.finding(
            context,
            f"{title(change, context)} calls its arguments {' and '.join(names)} instead of apps and schema_editor.",
            hint=f"def {found.name or 'forwards'}(apps, schema_editor):",
            file=found.file,
            line=found.line,
        )
