"""Whether models have changed since their last migration, as ``makemigrations --check`` finds out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import PurePath

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ModelState, ProjectState

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity
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
    if _are_equal(written, present):
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


def _are_equal(written: ProjectState, present: ProjectState) -> bool:
    """
    Whether every model with migrations is as its migrations say, at a fraction of the autodetector's cost.

    A difference that the autodetector would pass over counts as one too, for it is asked then.
    """
    models = {
        key: model for key, model in present.models.items() if key[0] not in written.real_apps
    }
    return written.models.keys() == models.keys() and all(
        written.models[key] == model
        or _without_abstract(written.models[key]) == _without_abstract(model)
        for key, model in models.items()
    )


def _without_abstract(model: ModelState) -> ModelState:
    """Return the model without an option that no migration writes, and that is set when a base of the model is abstract."""
    plain = copy.copy(model)
    plain.options = {name: value for name, value in model.options.items() if name != "abstract"}
    return plain


def _is_package(app_label: str) -> bool:
    """Nobody makes migrations for an installed package, except its authors."""
    return bool(_PACKAGE_FOLDERS.intersection(PurePath(apps.get_app_config(app_label).path).parts))
