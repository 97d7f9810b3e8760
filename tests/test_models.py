from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from django_safe_migrate.models import Backup, Finding, MigrationRun, MigrationStep
from django_safe_migrate.run import MIGRATE, REPAIR, RESTORE, ROLLBACK
from tests.history.conftest import make_tables
from tests.records import succeeded


def test_our_migrations_are_complete_and_alone(connection: BaseDatabaseWrapper) -> None:
    """They may be the first that are ever applied, to a database in which there is nothing."""
    make_tables()
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    assert tables == {
        "django_migrations",
        "django_safe_migrate_backup",
        "django_safe_migrate_finding",
        "django_safe_migrate_migrationrun",
        "django_safe_migrate_migrationstep",
    }
    loader = MigrationLoader(connection)
    ours = [
        migration
        for key, migration in loader.disk_migrations.items()
        if key[0] == "django_safe_migrate"
    ]
    assert {app for migration in ours for app, _ in migration.dependencies} <= {
        "django_safe_migrate"
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"DEFAULT_AUTO_FIELD": "django.db.models.AutoField"},
        {"USE_TZ": False},
        {"LANGUAGE_CODE": "de"},
        {"SAFE_MIGRATE": {"HISTORY_DATABASE": "default", "BACKUP": {"WHEN": "never"}}},
    ],
)
@pytest.mark.vendors("sqlite")
def test_no_setting_of_a_project_changes_our_models(
    connection: BaseDatabaseWrapper,
    settings: Any,
    changed: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    call_command("makemigrations", "django_safe_migrate", check=True, dry_run=True)
    assert capsys.readouterr().out == "No changes detected in app 'django_safe_migrate'\n"


def test_our_migrations_can_be_undone(connection: BaseDatabaseWrapper) -> None:
    make_tables()
    call_command("migrate", "django_safe_migrate", "zero", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        assert connection.introspection.table_names(cursor) == ["django_migrations"]


def test_places_are_taken_once(connection: BaseDatabaseWrapper) -> None:
    make_tables()
    run = MigrationRun.objects.create(pk=succeeded().run_id, database="default")
    for model, values in (
        (MigrationStep, {"run": run, "position": 0, "app_label": "shop", "name": "0001"}),
        (Finding, {"run": run, "position": 0, "rule": "r", "severity": "info", "message": "m"}),
        (Backup, {"database": "default", "name": "n" * 255}),
    ):
        model.objects.create(**values)
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(**values)


def test_the_kinds_are_those_of_runs() -> None:
    assert set(MigrationRun.Kind.values) == {MIGRATE, ROLLBACK, RESTORE, REPAIR}


def test_names_of_rows() -> None:
    run_id = succeeded().run_id
    assert str(MigrationRun(pk=run_id)) == run_id
    assert str(MigrationStep(app_label="shop", name="0001_initial")) == "shop.0001_initial"
    assert str(Finding(rule="drop_column", message="It is lost.")) == "drop_column: It is lost."
    assert str(Backup(name="default.psql.bin")) == "default.psql.bin"
