from __future__ import annotations

import json

from django_safe_migrate.reports.findings import render
from tests.reports.findings.reports import clean, report


def test_issues() -> None:
    issues = json.loads(render(report(), "gitlab"))
    assert [(one["check_name"], one["severity"], one["location"]) for one in issues] == [
        ("missing_migration", "minor", {"path": "manage.py", "lines": {"begin": 1}}),
        (
            "drop_column",
            "critical",
            {"path": "orders/migrations/0002_drop, note.py", "lines": {"begin": 12}},
        ),
        ("drop_column", "info", {"path": "orders/migrations/0003_index.py", "lines": {"begin": 7}}),
    ]
    assert issues[1]["description"] == (
        "orders.0002_drop_note: Dropping column note loses 100% of it: all, for good."
    )
    assert len({one["fingerprint"] for one in issues}) == 3


def test_nothing_to_say() -> None:
    assert render(clean(), "gitlab") == "[]\n"
