"""Whether what is recorded as applied fits together with the migrations on disk."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.db.migrations.exceptions import InconsistentMigrationHistory

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset(
    {
        "inconsistent_history",
        "conflicting_migrations",
        "ghost_migration",
        "recorded_out_of_order",
    }
)


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield findings about gaps, forks, missing files and the order in which migrations were recorded."""
    yield from _gaps(context)
    yield from _conflicts(context)
    yield from _ghosts(context)
    yield from _out_of_order(context)


def _gaps(context: EnvironmentContext) -> Iterator[Finding]:
    try:
        context.loader.check_consistent_history(context.database.connection)
    except InconsistentMigrationHistory as error:
        yield Finding(
            rule="inconsistent_history",
            severity=Severity.ERROR,
            message=str(error),
            hint="If the dependency was added afterwards and is in the database already, record it: "
            "python manage.py safemigrate <app> <migration> --fake",
        )


def _conflicts(context: EnvironmentContext) -> Iterator[Finding]:
    for app_label, names in sorted(context.loader.detect_conflicts().items()):
        yield Finding(
            rule="conflicting_migrations",
            severity=Severity.ERROR,
            message=f"App {app_label} has {len(names)} last migrations, {' and '.join(sorted(names))}: nothing says which comes first.",
            hint=f"Join them: python manage.py makemigrations --merge {app_label}",
        )


def _ghosts(context: EnvironmentContext) -> Iterator[Finding]:
    loader = context.loader
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    gone = sorted(
        key
        for key in loader.applied_migrations
        if key not in loader.disk_migrations
        and key not in replaced
        and key[0] in loader.migrated_apps
    )
    for app_label, keys in groupby(gone, key=lambda key: key[0]):
        names = [name for _, name in keys]
        yield Finding(
            rule="ghost_migration",
            severity=Severity.WARNING,
            message=f"App {app_label} has applied migrations without a file: {', '.join(names)}.",
            hint="Deploy the release that has them, or, when they were removed for good, forget them: "
            f"python manage.py safemigrate {app_label} --prune",
        )


def _out_of_order(context: EnvironmentContext) -> Iterator[Finding]:
    """A dependency that was added to an applied migration afterwards, or a branch that was merged late."""
    for key in sorted(context.loader.graph.nodes):
        recorded = _recorded(context, key)
        if recorded is None:
            continue
        for parent in sorted(context.loader.graph.node_map[key].parents):
            before = _recorded(context, parent.key)
            # By the clock and by the row: a clock that was set back proves nothing.
            if before is not None and recorded[0] < before[0] and recorded[1] < before[1]:
                yield Finding(
                    rule="recorded_out_of_order",
                    severity=Severity.WARNING,
                    message=f"{'.'.join(key)} was recorded before {'.'.join(parent.key)}, on which it depends.",
                    hint="Compare the schema with the models: one of them may not have been carried out as it is written now.",
                    migration=".".join(key),
                )


def _recorded(
    context: EnvironmentContext, key: tuple[str, str]
) -> tuple[datetime.datetime, int] | None:
    """When, and as which row, a migration was recorded; None when that says nothing about when it was carried out."""
    migration = context.loader.graph.nodes[key]
    # A squashed migration is recorded when its file arrives, long after what it replaces and what comes after it.
    if migration is None or migration.replaces or "squash" in migration.name:
        return None
    record: Any = context.loader.applied_migrations.get(key)
    applied = getattr(record, "applied", None)
    return None if applied is None else (applied, record.pk)
