"""The migrations that were written a moment ago, read from their files again, and what the rules find in them."""

from __future__ import annotations

import dataclasses
import importlib
import linecache
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connections
from django.db.migrations.loader import MigrationLoader

from django_safe_migrate import conf
from django_safe_migrate.checking.analysing import analyse_scope
from django_safe_migrate.checking.explaining import offline_target
from django_safe_migrate.checking.git import repository_root
from django_safe_migrate.checking.rule_texts import rule_texts
from django_safe_migrate.checking.scope import PENDING, SINCE, Scope
from django_safe_migrate.findings import Severity
from django_safe_migrate.plan import source_file
from django_safe_migrate.reports.findings import CheckedMigration, FindingsReport

if TYPE_CHECKING:
    from django.db.migrations import Migration

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class JustWritten:
    """All migrations of the project, and those of them just written in an order in which they can be applied."""

    loader: MigrationLoader
    migrations: tuple[Migration, ...]
    database: Database | None

    def report(self, alias: str, settings: Settings, fail_on: Severity) -> FindingsReport:
        """
        Return what the rules find in them, on the database where there is one, else as if every table may hold rows.

        Raises:
            ImproperlyConfigured: ``EXTRA_RULES`` cannot be followed.
        """
        files = frozenset(Path(source_file(one)).resolve() for one in self.migrations)
        analysed = analyse_scope(
            self.loader,
            # On a database those that are pending before them count, as they will when all of them are carried out.
            Scope(SINCE if self.database is None else PENDING),
            settings,
            alias=alias,
            database=self.database,
            changed=files,
        )
        labels = {_label(one) for one in self.migrations}
        return FindingsReport(
            database=alias,
            vendor=connections[alias].vendor,
            target=self._target(alias, settings),
            scope="the migrations just written",
            offline=self.database is None,
            migrations=tuple(
                CheckedMigration(one.label, one.file)
                for one in analysed.migrations
                if one.label in labels
            ),
            findings=tuple(one for one in analysed.findings if one.migration in labels),
            root=repository_root(conf.project_directory()),
            fail_on=fail_on,
            rules=rule_texts(settings),
        )

    def _target(self, alias: str, settings: Settings) -> str:
        if self.database is not None:
            return f"database {alias} ({self.database.server})"
        return f"{offline_target(alias, settings)}; no database was asked"


def just_written(keys: Collection[Key], database: Database | None) -> JustWritten:
    """
    Read the project's migrations again, and return those with these keys.

    Raises:
        NodeNotFoundError, CircularDependencyError: they form no graph.
    """
    _forget(keys)
    loader = MigrationLoader(None if database is None else database.connection)
    order: dict[Key, None] = {}
    for key in sorted(keys):
        order.update(dict.fromkeys(loader.graph.forwards_plan(key)))
    return JustWritten(
        loader, tuple(loader.graph.nodes[key] for key in order if key in keys), database
    )


def _forget(keys: Collection[Key]) -> None:
    """Have Python read the files again: it may have read earlier ones of the same names."""
    importlib.invalidate_caches()
    linecache.checkcache()
    for app_label, name in keys:
        package, _ = MigrationLoader.migrations_module(app_label)
        sys.modules.pop(f"{package}.{name}", None)


def _label(migration: Migration) -> str:
    return f"{migration.app_label}.{migration.name}"
