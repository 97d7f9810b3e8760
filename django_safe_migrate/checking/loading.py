"""Reading the migrations of a project, and what keeps them from forming a history at all."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.migrations.exceptions import CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader

from django_safe_migrate.checking.names import severity_of
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import source_file

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration

Key = tuple[str, str]
#: Dependencies on the first or last migration of an app, whatever its name.
_RELATIVE = {"__first__", "__latest__"}


def load(connection: BaseDatabaseWrapper | None) -> tuple[MigrationLoader, list[Finding]]:
    """
    Return the loaded migrations; with findings when there is no graph of them, and then nothing else can be said.

    Without a connection nothing is taken to be applied.
    """
    loader = MigrationLoader(connection, load=False)
    try:
        loader.build_graph()
    except NodeNotFoundError as error:
        return loader, list(_missing(loader)) or [_not_found(error)]
    except CircularDependencyError as error:
        return loader, [_circle(error)]
    return loader, []


def _missing(loader: MigrationLoader) -> Iterator[Finding]:
    existing = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        existing.update(migration.replaces)
    for key in sorted(loader.disk_migrations):
        migration = loader.disk_migrations[key]
        wanted = [*migration.dependencies, *migration.run_before]
        for dependency in wanted:
            app_label, name = dependency[0], dependency[1]
            if name not in _RELATIVE and (app_label, name) not in existing:
                yield _missing_dependency(loader, migration, (app_label, name))


def _missing_dependency(loader: MigrationLoader, migration: Migration, wanted: Key) -> Finding:
    app_label, name = wanted
    names = sorted(one for app, one in loader.disk_migrations if app == app_label)
    if not names:
        why = f"no installed app {app_label} has migrations"
        hint = f"Add the app to INSTALLED_APPS, or remove {wanted!r} from dependencies."
    else:
        why = "there is no such migration"
        close = difflib.get_close_matches(name, names, n=1) or names[-1:]
        hint = f"Bring its file back, or write another migration in dependencies, such as {(app_label, close[0])!r}."
    label = f"{migration.app_label}.{migration.name}"
    return Finding(
        rule="missing_dependency",
        severity=severity_of("missing_dependency"),
        message=f"{label} depends on {app_label}.{name}, and {why}: no migration of the project can be applied.",
        hint=hint,
        migration=label,
        operation=f"dependency on {app_label}.{name}",
        file=source_file(migration),
    )


def _not_found(error: NodeNotFoundError) -> Finding:
    origin = getattr(error, "origin", None)
    label = "" if origin is None else f"{origin.app_label}.{origin.name}"
    return Finding(
        rule="missing_dependency",
        severity=severity_of("missing_dependency"),
        message=str(error),
        hint="Apply the other migrations that the squashed one replaces, or bring the files of all of them back.",
        migration=label,
        operation=f"dependency on {'.'.join(error.node)}",
        file="" if origin is None else source_file(origin),
    )


def _circle(error: CircularDependencyError) -> Finding:
    return Finding(
        rule="circular_dependency",
        severity=severity_of("circular_dependency"),
        message=f"Migrations depend on each other in a circle, so that none can be applied: {error}.",
        hint="Move one of the foreign keys into a migration of its own, after both models exist.",
    )
