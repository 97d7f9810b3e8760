"""The rule of the documentation's page, as a new user copies it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.migrations import operations

from django_safe_migrate import conf
from django_safe_migrate.analysis.registry import all_rules
from tests.analysis.lint import assert_clean, assert_finds

PAGE = Path(__file__).parents[2] / "docs" / "custom-rules.md"
MESSAGE = "Column remarks makes every row of shop_order larger."


def shown() -> str:
    """The code of the page's rule."""
    match = re.search(
        r"```python title=\"shop/migration_rules/wide_column.py\"\n(.*?)```",
        PAGE.read_text(),
        re.DOTALL,
    )
    assert match
    return match[1]


@pytest.fixture
def extra_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    package = tmp_path / "documented_rules"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "wide_column.py").write_text(shown())
    monkeypatch.syspath_prepend(tmp_path)
    return {"extra_rules": ("documented_rules",)}


def test_it_has_under_twenty_lines():
    assert len([line for line in shown().splitlines() if line.strip()]) < 20


@pytest.mark.parametrize("vendor", ["postgresql", "mysql", "sqlite"])
def test_it_finds_what_it_says(extra_rules, vendor):
    add = operations.AddField("Order", "remarks", models.TextField(null=True))
    [found] = assert_finds("wide_column", [add], MESSAGE, on=vendor, settings=extra_rules)
    assert found.hint == "Put it into shop_orderdetail."


def test_another_type_and_another_table_are_no_finding(extra_rules):
    fields = [
        operations.AddField("Order", "size", models.IntegerField(null=True)),
        operations.AddField("Customer", "remarks", models.TextField(null=True)),
    ]
    assert_clean("wide_column", fields, settings=extra_rules)


@pytest.fixture
def installed_package(extra_rules: dict[str, tuple[str, ...]], tmp_path: Path) -> None:
    """The metadata that an installer leaves beside a package with an entry point."""
    metadata = tmp_path / "documented_rules-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: documented-rules\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[django_safe_migrate.rules]\ndocumented = documented_rules\n"
    )


def test_entry_point_of_an_installed_package(installed_package):
    add = operations.AddField("Order", "remarks", models.TextField(null=True))
    assert_finds("wide_column", [add], MESSAGE)


def test_entry_point_that_leads_nowhere(installed_package, tmp_path):
    points = tmp_path / "documented_rules-1.0.dist-info" / "entry_points.txt"
    points.write_text("[django_safe_migrate.rules]\nlost = no_such_rules\n")
    with pytest.raises(ImproperlyConfigured) as caught:
        all_rules(conf.load())
    assert str(caught.value) == (
        "The entry point 'lost' of django_safe_migrate.rules names 'no_such_rules', which cannot be imported (No module named "
        "'no_such_rules'); it must be a list of dotted paths to modules."
    )
