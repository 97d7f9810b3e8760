"""A report with everything that a format can trip over."""

from __future__ import annotations

from pathlib import Path

from django_safe_migrate.analysis.forecast import (
    Destroyed,
    Forecast,
    ForecastLock,
    GoingBack,
    Lasting,
    PreviousRelease,
    Work,
)
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.findings import Estimate, Finding, Severity
from django_safe_migrate.reports.findings import CheckedMigration, FindingsReport, RuleText

ROOT = Path("/srv/shop project")
FORECAST = Forecast(
    migration="orders.0002_drop_note",
    atomic=True,
    statements=1,
    functions=0,
    locks=(
        ForecastLock(
            lock=TableLock("orders_*50%", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES),
            works=(Work(Lasting.REWRITE, "orders_*50%"),),
            estimate=Estimate(seconds=240.0, rows=80_000_000, bytes=12_000_000_000, measured=True),
        ),
    ),
    rewrites=("orders_*50%",),
    destroys=(Destroyed(what="Destroys column note of orders_order", table="orders_order"),),
    previous_release=PreviousRelease(rules=("drop_column",)),
    going_back=GoingBack(losses=("column note of orders_order comes back without its values",)),
)


def report(**changes: object) -> FindingsReport:
    """Return a report of three migrations: one blocked, one allowed, one without a finding."""
    file = str(ROOT / "orders" / "migrations" / "0002_drop, note.py")
    values: dict[str, object] = {
        "database": "default",
        "vendor": "postgresql",
        "target": "PostgreSQL 16; no database was asked",
        "scope": "every migration of the project",
        "offline": True,
        "migrations": (
            CheckedMigration(
                "orders.0001_initial", str(ROOT / "orders/migrations/0001_initial.py")
            ),
            CheckedMigration("orders.0002_drop_note", file, FORECAST),
            CheckedMigration("orders.0003_index", str(ROOT / "orders/migrations/0003_index.py")),
        ),
        "findings": (
            Finding(
                rule="missing_migration",
                severity=Severity.WARNING,
                message="The models of <orders> have changes.",
                operation="orders: Add field *x*",
            ),
            Finding(
                rule="drop_column",
                severity=Severity.ERROR,
                message="Dropping column note loses 100% of it: all, for good.",
                hint="First:\n\nmigrations.RemoveField(\n    'order',\n)\r\n```",
                migration="orders.0002_drop_note",
                operation="Remove field note from order",
                file=file,
                line=12,
                tables=("orders_order",),
            ),
            Finding(
                rule="drop_column",
                severity=Severity.ERROR,
                message="Dropping column \x1b[31mother\x00.",
                hint="Allowed by the migration: Unused since 4.2.",
                migration="orders.0003_index",
                operation="Remove field other from order",
                file=str(ROOT / "orders/migrations/0003_index.py"),
                line=7,
                tables=("orders_order",),
                allowed=True,
            ),
        ),
        "root": ROOT,
        "baselined": 2,
        "rules": {
            "drop_column": RuleText(
                "drop_column",
                "error",
                "Dropping a column loses its values.",
                help="## Why it matters\n\nBecause.",
                url="https://example.com/rules/#drop_column",
            )
        },
    }
    return FindingsReport(**{**values, **changes})  # type: ignore[arg-type]


def clean() -> FindingsReport:
    """Return a report without findings."""
    return report(migrations=(), findings=(), baselined=0)
