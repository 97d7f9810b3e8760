from __future__ import annotations

import dataclasses
import pkgutil
import sys
import types

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.migrations import operations

from django_safe_migrate import conf
from django_safe_migrate.analysis import rules
from django_safe_migrate.analysis.registry import RuleSet, all_rules
from django_safe_migrate.analysis.rule import Rule, Subject
from django_safe_migrate.findings import Severity


def with_extra(*paths):
    return dataclasses.replace(conf.load(), extra_rules=paths)


def test_every_file_is_a_rule():
    files = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    assert [rule.name for rule in all_rules(conf.load())] == files
    assert len(files) >= 25


def test_rules_of_the_project_are_sorted_in():
    names = [rule.name for rule in all_rules(with_extra("tests.analysis.project_rules"))]
    assert "shouting" in names
    assert names == sorted(names)


def test_name_that_is_taken(monkeypatch):
    module = types.ModuleType("taken")
    module.rule = Rule("taken.drop_column", severity=Severity.INFO)
    monkeypatch.setitem(sys.modules, "taken", module)
    with pytest.raises(ImproperlyConfigured) as error:
        all_rules(with_extra("taken"))
    assert str(error.value) == (
        "SAFE_MIGRATE[\"EXTRA_RULES\"] names 'taken', which has a rule with the name of another, 'drop_column' "
        "(in django_safe_migrate.analysis.rules.drop_column and taken.drop_column); it must be a list of dotted paths to modules."
    )


def test_rules_for_a_vendor_and_a_direction():
    every = all_rules(conf.load())
    on_sqlite = RuleSet(every, "sqlite", "forwards").names
    on_postgresql = RuleSet(every, "postgresql", "forwards").names
    backwards = RuleSet(every, "postgresql", "backwards").names
    assert "table_rebuild" in on_sqlite - on_postgresql
    assert "alter_column_type" in on_postgresql - on_sqlite
    assert "reverse_loses_data" in backwards - on_postgresql
    assert "drop_table" in on_postgresql - backwards


def test_checks_of_a_class():
    rule_set = RuleSet(all_rules(conf.load()), "postgresql", "forwards")
    found = rule_set.checks(Subject.OPERATION, operations.AddIndex)
    assert {check.rule.name for check in found} >= {"concurrent_in_atomic"}
    assert {check.rule.name for check in rule_set.migration_checks} >= {"non_atomic_ddl"}
