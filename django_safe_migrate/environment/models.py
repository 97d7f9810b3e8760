"""Whether models have changed since their last migration, as ``makemigrations --check`` finds out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ProjectState

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.comparing import are_equal
from django_safe_migrate.sql.states import state_of

RULES = frozenset({"missing_migration"})

_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield a finding for each app whose models and migrations differ; going backwards they are meant to."""
    if context.plan.backwards or not context.compare_models:
        return
    loader = context.loader
    # Not the loader's own state: Django's RenameField writes into the operations while it is put together.
    written = state_of(loader, loader.graph.nodes.keys())
    present = ProjectState.from_apps(apps)
    if are_equal(written, present):
        return
    detector = MigrationAutodetector(written, present)
    for app_label, migrations in sorted(detector.changes(graph=loader.graph).items()):
        described = "; ".join(
            op.describe() for migration in migrations for op in migration.operations
        )
        yield Finding(
            rule="missing_migration",
            severity=Severity.INFO if _is_package(app_label) else Severity.WARNING,
            message=f"The models of {app_label} have changes without a migration: {described}.",
            hint=f"python manage.py makemigrations {app_label}",
        )


def _is_package(app_label: str) -> bool:
    """Nobody makes migrations for an installed package, except its authors."""
    return bool(_PACKAGE_FOLDERS.intersection(PurePath(apps.get_app_config(app_label).path).parts))
