"""Whether the files of migrations still say what they said when they were applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.third_party import is_installed_package
from django_safe_migrate.checking.names import severity_of
from django_safe_migrate.findings import Finding
from django_safe_migrate.history import History
from django_safe_migrate.migration_source import digest
from django_safe_migrate.plan import source_file

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.checking.scope import Scope

RULE = "edited_after_applied"


def edited(loader: MigrationLoader, scope: Scope, database: str) -> Iterator[Finding]:
    """
    Yield a finding for each migration of the project whose file does something else than what our history says was applied.

    What was applied by another tool, or faked, is not known and not compared.
    """
    for key, (source, moment) in sorted(History().applied_sources(database).items()):
        migration = loader.disk_migrations.get(key)
        if migration is None or key not in loader.applied_migrations or not scope.has_app(key[0]):
            continue
        file = source_file(migration)
        if is_installed_package(file, type(migration).__module__) or digest(file) in {"", source}:
            continue
        label = ".".join(key)
        yield Finding(
            rule=RULE,
            severity=severity_of(RULE),
            message=f"The file of {label} was edited after it was applied to this database on {moment[:10]}: "
            "databases that apply it from now on get something else than this one has.",
            hint="Take the edit back, and make the change in a new migration. If it changes nothing in a database, put it into the "
            "baseline: python manage.py migrate_check --write-baseline",
            migration=label,
            file=file,
        )
