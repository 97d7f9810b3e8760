from __future__ import annotations

from django_safe_migrate.analysis.suppression import Marker
from django_safe_migrate.findings import Finding, Severity
from tests.analysis.lint import migration, plan_of

FINDING = Finding(rule="drop_column", severity=Severity.ERROR, message="Harm.", hint="Do better.")


def marker(value):
    return Marker(plan_of(migration([], safe_migrate_allow=value)).steps[0])


def test_allowed_with_its_reason():
    found = marker({"drop_column": " Unused. "}).apply(FINDING)
    assert (found.allowed, found.severity, found.hint) == (
        True,
        Severity.ERROR,
        "Allowed by the migration: Unused.",
    )


def test_other_rules_are_left_alone():
    assert marker({"drop_table": "Unused."}).apply(FINDING) is FINDING


def test_no_marker():
    made = Marker(plan_of(migration([])).steps[0])
    assert made.apply(FINDING) is FINDING
    assert list(made.findings({"drop_column"}, {"drop_column"})) == []


def test_findings_name_the_migration():
    [found] = marker({"drop_column": "Unused."}).findings({"drop_column"}, {"drop_column"})
    assert (found.rule, found.migration, found.severity) == (
        "allow_unused",
        "shop.0002_change",
        Severity.WARNING,
    )
    assert (
        found.hint
        == "Remove 'drop_column' from safe_migrate_allow, so that it hides nothing later."
    )


def test_used_entries_are_not_reported():
    made = marker({"drop_column": "Unused."})
    made.apply(FINDING)
    assert list(made.findings({"drop_column"}, {"drop_column"})) == []
