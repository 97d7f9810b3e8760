"""
Hand-written SQL that is not understood: nothing is known of what it locks and what it destroys.

## Why it matters

A block of code, a procedure or a statement that is prepared elsewhere can do anything. What this package says of the migration's locks
and losses is without it; do not take its silence for a good sign.

## Instead of

    migrations.RunSQL("DO $$ BEGIN DELETE FROM shop_cart; END $$"),

## Use

    migrations.RunSQL("DELETE FROM shop_cart WHERE created < '2020-01-01'"),

or a rehearsal, which carries it out on a copy and measures what it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import Unread
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, directions=BOTH, about_rows=False)

_LONGEST = 60


@rule.statement(Unread)
def check(statement: Unread, context: Context) -> Iterator[Finding]:
    """One finding per statement."""
    text = " ".join(statement.text.split())
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    yield rule.finding(
        context,
        f"What a statement of RunSQL in {context.planned.label} locks and destroys is not known: {statement.reason} It is: {shown}",
        hint="Write plain statements instead, or rehearse the migration to see what it does.",
    )
