"""What ``migrate`` does when nothing is pending: signals, squashed replacements, and a word about models without migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.migrations.state import ProjectState

if TYPE_CHECKING:
    from django.db.migrations.autodetector import MigrationAutodetector

    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.plan import Target


def migrate_nothing(
    executor: SafeMigrationExecutor, targets: tuple[Target, ...], surroundings: Surroundings
) -> ProjectState:
    """Send the signals and keep the records of squashed migrations right, as ``migrate`` does with an empty plan."""
    state = executor.current_state()
    surroundings.before(executor.connection, state, [])
    after = executor.migrate(list(targets), plan=[], state=state.clone())
    surroundings.after(executor.connection, after, [])
    return after


def apps_without_migrations_for_changes(
    executor: SafeMigrationExecutor, autodetector: type[MigrationAutodetector]
) -> list[str]:
    """Return the labels of apps whose models have changes that no migration makes."""
    detector = autodetector(executor.loader.project_state(), ProjectState.from_apps(apps))
    return sorted(detector.changes(graph=executor.loader.graph))
