from __future__ import annotations

from django.db import models
from django.db.migrations import operations

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
    remove = [operations.RemoveIndex("Order", "title_idx")]
    rules = {"rules": {"remove_index_without_concurrently": "error"}}
    [found] = [one for one in findings(remove, settings=rules) if one.rule in rules["rules"]]
    assert found.is_blocking


def drop_with(**options):
    found = findings([operations.RemoveField("Order", "note")], **options)
    return [finding.severity.label for finding in found if finding.rule == "drop_column"]


def test_settings_limit_the_severity_of_an_app():
    assert drop_with() == ["error"]
    assert drop_with(settings={"apps": {"shop": "info"}}) == ["info"]
    assert drop_with(settings={"apps": {"other": "info"}}) == ["error"]


def test_settings_switch_the_analysis_of_an_app_off():
    assert (
        findings([operations.RemoveField("Order", "note")], settings={"apps": {"shop": "off"}})
        == []
    )


def test_settings_let_a_package_block():
    index = [operations.AddIndex("Order", models.Index(fields=["number"], name="number_idx"))]

    def severities(**options):
        found = findings(index, third_party=True, **options)
        return [f.severity.label for f in found if f.rule == "add_index_without_concurrently"]

    assert severities() == ["warning"]
    assert severities(settings={"apps": {"shop": "error"}}) == ["error"]
