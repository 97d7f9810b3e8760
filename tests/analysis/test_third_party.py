from __future__ import annotations

import importlib

from django.db.migrations import Migration

from django_safe_migrate.analysis.third_party import is_third_party
from tests.analysis.lint import migration, plan_of


def planned(kind, name="0001_initial"):
    return plan_of(kind(name, "app")).steps[0]


def test_migrations_of_django():
    module = importlib.import_module("django.contrib.auth.migrations.0001_initial")
    assert is_third_party(planned(module.Migration))


def test_migrations_of_the_project():
    module = importlib.import_module("django_safe_migrate.migrations.0001_initial")
    assert not is_third_party(planned(module.Migration))


def test_migration_made_in_memory():
    assert not is_third_party(plan_of(migration([])).steps[0])


def test_project_that_is_installed_itself(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "wholeproject"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "step.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    pass\n"
    )
    monkeypatch.syspath_prepend(package.parent)
    kind: type[Migration] = importlib.import_module("wholeproject.step").Migration
    assert is_third_party(planned(kind))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "wholeproject.settings")
    assert not is_third_party(planned(kind))
