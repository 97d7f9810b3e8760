from __future__ import annotations

from django_safe_migrate.reports.findings import render
from tests.reports.findings.reports import clean, report


def test_one_escaped_command_for_each_finding() -> None:
    assert render(report(), "github").splitlines() == [
        "::warning title=missing_migration::The models of <orders> have changes.",
        "::error file=orders/migrations/0002_drop%2C note.py,line=12,title=drop_column::"
        "orders.0002_drop_note: Dropping column note loses 100%25 of it: all, for good.%0A%0AFirst:%0A%0Amigrations.RemoveField("
        "%0A    'order',%0A)%0D%0A```",
        "::notice file=orders/migrations/0003_index.py,line=7,title=drop_column (allowed)::"
        "orders.0003_index: Dropping column \x1b[31mother\x00.%0A%0AAllowed by the migration: Unused since 4.2.",
    ]


def test_nothing_to_say() -> None:
    assert render(clean(), "github") == ""
