from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate.findings import Severity
from django_safe_migrate.reports.findings import CheckedMigration, render
from tests.reports.findings.reports import FORECAST, clean, report


def test_the_whole_text() -> None:
    assert render(report(), "text").splitlines() == [
        "Checking every migration of the project for PostgreSQL 16; no database was asked.",
        "",
        "project",
        "  WARNING  [missing_migration]",
        "           The models of <orders> have changes.",
        "",
        "orders.0002_drop_note  (orders/migrations/0002_drop, note.py)",
        "  Locks orders_*50%: ACCESS EXCLUSIVE, blocks reads and writes, while the table is rewritten: "
        "about 4 min for 80,000,000 rows (12 GB).",
        "  Destroys column note of orders_order.",
        "  Previous release: breaks (drop_column).",
        "  Going back: column note of orders_order comes back without its values; locks no existing table.",
        "  ERROR    [drop_column]  orders/migrations/0002_drop, note.py:12",
        "           Dropping column note loses 100% of it: all, for good.",
        "           Hint: First:",
        "",
        "                 migrations.RemoveField(",
        "                     'order',",
        "                 )",
        "                 ```",
        "",
        "orders.0003_index  (orders/migrations/0003_index.py)",
        "  ERROR    [drop_column] (allowed)  orders/migrations/0003_index.py:7",
        "           Dropping column \N{REPLACEMENT CHARACTER}[31mother\N{REPLACEMENT CHARACTER}.",
        "           Hint: Allowed by the migration: Unused since 4.2.",
        "",
        "Longest block: reads and writes of orders_*50% for about 4 min (orders.0002_drop_note).",
        "3 migrations checked: 1 error, 1 warning, 1 allowed, 2 in the baseline. 1 blocking.",
    ]


def test_forecasts_of_a_history_that_lies_behind_are_counted() -> None:
    behind = dataclasses.replace(FORECAST, migration="orders.0001_initial", locks=())
    made = report(
        migrations=(
            CheckedMigration("orders.0001_initial", "", behind, in_text=False),
            CheckedMigration("orders.0003_index", "", FORECAST, in_text=False),
            CheckedMigration("orders.0004_out", "", left_out=True),
        )
    )
    text = render(made, "text")
    assert "orders.0001_initial" not in text  # nothing pending, nothing found
    assert "Locks orders_*50%" in text  # a finding is about it
    assert "  Not looked at: START_AFTER or APPS of the settings leave it out." in text
    assert "1 forecast of migrations without findings: see them with --verbosity 2." in text


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (clean(), "0 migrations checked: no findings. Nothing blocks."),
        (
            report(fail_on=Severity.WARNING),
            "3 migrations checked: 1 error, 1 warning, 1 allowed, 2 in the baseline. 2 blocking.",
        ),
    ],
)
def test_the_last_line(made: object, line: str) -> None:
    assert render(made, "text").splitlines()[-1] == line  # type: ignore[arg-type]
