"""Contexts on a fresh database of each vendor."""

from __future__ import annotations

import dataclasses
import secrets

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate import conf
from django_safe_migrate.databases import get_database
from django_safe_migrate.environment import EnvironmentContext
from django_safe_migrate.plan import freeze


@pytest.fixture
def record(connection):
    """Record migrations as applied, in this order."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()

    def record(*names):
        for name in names:
            recorder.record_applied(*name.split("."))

    return record


@pytest.fixture
def make_context(connection):
    """Make a context: `make_context(plan=[...], **fields)`; settings are given by name."""
    names = {field.name for field in dataclasses.fields(EnvironmentContext)}

    def make(plan=(), backwards=False, **given):
        fields = {name: value for name, value in given.items() if name in names}
        settings = {name: value for name, value in given.items() if name not in names}
        values = {
            "database": get_database(connection),
            "plan": freeze("default", [], [(migration, backwards) for migration in plan]),
            "loader": MigrationLoader(connection),
            "settings": dataclasses.replace(conf.load(), **settings),
        }
        return EnvironmentContext(**(values | fields))

    return make


@pytest.fixture
def migration_files(tmp_path, monkeypatch, settings):
    """Give an app other migrations: `migration_files("sessions", {"0001_initial": "source"})`."""

    def write(app_label, files):
        package = tmp_path / f"{app_label}_{secrets.token_hex(4)}"  # a module is imported once
        package.mkdir()
        (package / "__init__.py").write_text("")
        for name, source in files.items():
            (package / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, app_label: package.name}

    return write
