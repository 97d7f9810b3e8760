from __future__ import annotations

import xml.etree.ElementTree as ET

from django_safe_migrate.findings import Severity
from django_safe_migrate.reports.findings import render
from tests.reports.findings.reports import clean, report


def suite(text: str) -> ET.Element:
    root = ET.fromstring(text.encode())  # noqa: S314 - our own
    found = root.find("testsuite")
    assert found is not None
    assert root.tag == "testsuites"
    return found


def test_a_case_for_each_migration() -> None:
    found = suite(render(report(), "junit"))
    assert (found.get("tests"), found.get("failures")) == ("4", "1")
    assert [(case.get("classname"), case.get("name")) for case in found] == [
        ("migrate_check", "project"),
        ("orders", "0001_initial"),
        ("orders", "0002_drop_note"),
        ("orders", "0003_index"),
    ]
    failure = found[2].find("failure")
    assert failure is not None
    assert failure.attrib == {
        "type": "drop_column",
        "message": "Dropping column note loses 100% of it: all, for good.",
    }
    assert str(failure.text).startswith(
        "orders/migrations/0002_drop, note.py:12: error: Dropping column note loses"
    )
    # What XML cannot hold is shown, and what is allowed does not fail.
    assert found[3].find("failure") is None
    assert "\N{REPLACEMENT CHARACTER}[31mother" in str(found[3].findtext("system-out"))


def test_warnings_fail_on_demand() -> None:
    found = suite(render(report(fail_on=Severity.WARNING), "junit"))
    assert (found.get("tests"), found.get("failures")) == ("4", "2")


def test_without_findings_one_case_passes() -> None:
    found = suite(render(clean(), "junit"))
    assert (found.get("tests"), found.get("failures"), len(found)) == ("1", "0", 1)
