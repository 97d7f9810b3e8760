"""
RunPython calls something outside of the database.

## Why it matters

The migration waits for it with the locks that it holds, and fails when it is down: a deployment then depends on it. What was sent is
not taken back when the transaction is rolled back, and is sent again by the next attempt, on a rehearsal or on a new database. A task
that was queued can start before the migration is committed.

## Instead of

    def notify(apps, schema_editor):
        requests.post("https://example.com/hooks", json={"migrated": True})

## Use

A management command that runs after the migration, and in the migration only what is in the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import NetworkUsed
from django_safe_migrate.analysis.reading_python.of_change import place, title, uses
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """One finding per call."""
    for use in uses(change, context, NetworkUsed):
        yield rule.finding(
            context,
            f"{title(change, context)} calls {use.what}, so that it depends on {use.kind}, and a rollback does not take the call back.",
            hint=f"Call {use.what} from a management command that runs after the migration.",
            **place(use),
        )
