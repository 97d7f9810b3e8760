"""Whether models have changed since their last migration, as ``makemigrations --check`` finds out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState

from django_safe_migrate.analysis.third_party import is_installed_package
from django_safe_migrate.checking.names import severity_of
from django_safe_migrate.checking.state_only import has_own_makemigrations, reaches_database
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.comparing import are_equal
from django_safe_migrate.sql.states import state_of

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.checking.scope import Scope

#: Nobody reads on after so many; makemigrations lists them all.
SHOWN_CHANGES = 10


def missing_migrations(
    loader: MigrationLoader, scope: Scope, autodetector: type[MigrationAutodetector]
) -> Iterator[Finding]:
    """Yield a finding for each app whose models and migrations differ; nobody is asked about renames and defaults."""
    # Not the loader's own state: Django's RenameField writes into the operations while it is put together.
    written = state_of(loader, loader.graph.nodes.keys())
    questioner = MigrationQuestioner(specified_apps=set(scope.labels), dry_run=True)
    present = ProjectState.from_apps(apps)
    # One of the project may find what Django's own has no eyes for.
    if autodetector is MigrationAutodetector and are_equal(written, present):
        return
    detector = autodetector(written, present, questioner)
    changes = detector.changes(loader.graph, trim_to_apps=set(scope.labels) or None)
    for app_label, migrations in sorted(changes.items()):
        if scope.has_app(app_label):
            made = [operation for migration in migrations for operation in migration.operations]
            yield _finding(app_label, made, written)


def _finding(app_label: str, made: Sequence[Operation], written: ProjectState) -> Finding:
    """A project that has its own ``makemigrations`` may leave out what no database notices: that is worth a mention, and no more."""
    severity, kind = severity_of("missing_migration"), "changes"
    if has_own_makemigrations():
        noticed = [one for one in made if reaches_database(one, app_label, written)]
        if not noticed:
            severity, kind = Severity.INFO, "changes that reach no database"
        made = noticed or made
    described = [operation.describe() for operation in made]
    return Finding(
        rule="missing_migration",
        severity=Severity.INFO if _is_package(app_label) else severity,
        message=f"The models of {app_label} have {kind} without a migration: {_shortened(described)}.",
        hint=f"python manage.py makemigrations {app_label}",
        operation=f"{app_label}: {'; '.join(described)}",
        file=_models_file(app_label),
    )


def _shortened(described: Sequence[str]) -> str:
    shown = "; ".join(described[:SHOWN_CHANGES])
    more = len(described) - SHOWN_CHANGES
    return f"{shown}; and {more} more" if more > 0 else shown


def _models_file(app_label: str) -> str:
    module = apps.get_app_config(app_label).models_module
    return str(getattr(module, "__file__", None) or "")


def _is_package(app_label: str) -> bool:
    """Nobody makes migrations for an installed package, except its authors."""
    config = apps.get_app_config(app_label)
    return is_installed_package(config.path, config.name)
