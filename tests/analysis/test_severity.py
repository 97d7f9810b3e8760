from __future__ import annotations

from django_safe_migrate.analysis.severity import configured
from django_safe_migrate.findings import Finding, Severity
from tests.analysis.lint import findings

FINDING = Finding(rule="drop_column", severity=Severity.ERROR, message="Harm.")


def test_settings():
    assert configured(FINDING, {}) is FINDING
    assert configured(FINDING, {"drop_table": "off"}) is FINDING
    assert configured(FINDING, {"drop_column": "off"}) is None
    assert configured(FINDING, {"drop_column": "info"}).severity is Severity.INFO


def test_settings_can_raise_it():
    from django.db.migrations import operations

    remove = [operations.RemoveIndex("Order", "title_idx")]
    rules = {"rules": {"remove_index_without_concurrently": "error"}}
    [found] = findings(remove, settings=rules)
    assert found.is_blocking
