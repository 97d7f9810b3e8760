"""
RunPython writes to the default database, whichever is migrated.

## Why it matters

The project has several databases, and the migration runs on more than one of them. A manager without ``using()`` goes to the database
that routers choose, by default ``default``: migrating any other one changes the wrong rows, and leaves its own as they are.

A project with one database, one whose routers let the migration run on one only, mirrors, and second entries for the same data do not
matter.

## Instead of

    Order.objects.update(state=1)

## Use

    alias = schema_editor.connection.alias
    Order.objects.using(alias).update(state=1)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections, router
from django.db.migrations.operations import RunPython

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import DatabaseChosen, Written
from django_safe_migrate.analysis.reading_python.of_change import place, table_of, title, uses
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """One finding per operation, at its first write."""
    aliases = _aliases(context)
    if len(aliases) < 2 or any(uses(change, context, DatabaseChosen)):
        return
    writes = [
        (use, table)
        for use in uses(change, context, Written)
        if not use.chosen_database and (table := table_of(use.model, context))
    ]
    if writes:
        use, table = writes[0]
        yield rule.finding(
            context,
            f"{title(change, context)} writes to {table} without saying in which database, although it runs on {', '.join(aliases)}: "
            "on all of them it changes the same one.",
            hint=f"alias = schema_editor.connection.alias\n{use.model.name}.objects.using(alias)",
            tables=[table],
            **place(use),
        )


def _aliases(context: Context) -> list[str]:
    """The databases that the operation runs on; of several entries for the same data, the first."""
    hints = context.operation.hints if isinstance(context.operation, RunPython) else {}
    entries: dict[Any, str] = {}
    for alias in connections:
        settings = connections.settings[alias]
        if (settings.get("TEST") or {}).get("MIRROR"):
            continue
        # Replicas have the same name on another host.
        key = (settings.get("ENGINE"), str(settings.get("NAME")))
        if router.allow_migrate(alias, context.app_label, **hints):
            entries.setdefault(key, alias)
    return list(entries.values())
