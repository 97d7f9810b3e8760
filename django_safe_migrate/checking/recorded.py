"""Whether what a database has recorded as applied fits together with the migrations on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.checking.names import severity_of
from django_safe_migrate.environment import EnvironmentContext, history
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import freeze, source_file

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.checking.scope import Scope
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database

_TOLD_ELSEWHERE = "conflicting_migrations"


def recorded(
    loader: MigrationLoader, scope: Scope, settings: Settings, database: Database
) -> Iterator[Finding]:
    """Yield findings about gaps, missing files, the order of records, and squashed migrations."""
    context = EnvironmentContext(
        database=database,
        plan=freeze(database.alias, (), ()),
        loader=loader,
        settings=settings,
        compare_models=False,
    )
    for finding in history.check(context):
        if finding.rule != _TOLD_ELSEWHERE:
            yield finding
    for key in sorted(loader.replacements):
        if scope.has_app(key[0]):
            yield from _squashed(loader, loader.replacements[key])


def _squashed(loader: MigrationLoader, migration: Migration) -> Iterator[Finding]:
    applied = [key for key in migration.replaces if tuple(key) in loader.applied_migrations]
    pending = [key for key in migration.replaces if tuple(key) not in loader.applied_migrations]
    label = f"{migration.app_label}.{migration.name}"
    if applied and pending:
        yield _finding(
            "partly_applied_squash",
            migration,
            f"{label} replaces {len(migration.replaces)} migrations, and only some are applied here: "
            f"{_listed(pending)} not yet. Until they are, those are used instead of it.",
            f"python manage.py safemigrate {pending[-1][0]} {pending[-1][1]}",
        )
        return
    files = [key for key in migration.replaces if tuple(key) in loader.disk_migrations]
    if files and not pending:
        yield _finding(
            "replaced_migrations",
            migration,
            f"{label} has taken the place of {len(migration.replaces)} migrations here, and {len(files)} of their files are still there.",
            f"Once it is applied on every database, delete {_listed(files)}, and then `replaces` in {label}.",
        )


def _finding(rule: str, migration: Migration, message: str, hint: str) -> Finding:
    return Finding(
        rule=rule,
        severity=severity_of(rule),
        message=message,
        hint=hint,
        migration=f"{migration.app_label}.{migration.name}",
        file=source_file(migration),
    )


def _listed(keys: list[tuple[str, str]]) -> str:
    return ", ".join(name for _, name in keys)
