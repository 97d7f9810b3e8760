"""Which migrations are applied, pending, squashed or without a file: Django's graph and Django's records, compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.status.contents import (
    APPLIED,
    GHOST,
    PENDING,
    REPLACED,
    UNUSABLE,
    AppStatus,
    MigrationState,
)

if TYPE_CHECKING:
    import datetime

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Migrations:
    """
    The migrations on disk and those recorded.

    ``problems`` are sentences on what keeps Django from migrating. ``has_graph`` is false when the files do not fit together,
    ``has_files`` when not all of them could be loaded.
    """

    loader: MigrationLoader
    recorded: dict[Key, datetime.datetime | None]
    has_files: bool
    has_graph: bool
    problems: tuple[str, ...]

    @property
    def files(self) -> dict[Key, Migration]:
        """The migrations on disk."""
        return dict(self.loader.disk_migrations or {})

    def is_applied(self, key: Key) -> bool:
        """Whether a migration, or everything that it replaces, is recorded."""
        return key in (self.loader.applied_migrations if self.has_graph else self.recorded)

    def pending(self) -> list[Key]:
        """The migrations that are not applied, in the order in which they would be."""
        if not self.has_graph:
            return [key for key in sorted(self.files) if key not in self.recorded]
        ordered: dict[Key, None] = {}
        for leaf in self.loader.graph.leaf_nodes():
            ordered.update(dict.fromkeys(self.loader.graph.forwards_plan(leaf)))
        return [key for key in ordered if not self.is_applied(key)]


def read(connection: BaseDatabaseWrapper) -> Migrations:
    """Read files and records; raise ``django.db.DatabaseError`` when the records cannot be read."""
    rows = MigrationRecorder(connection).applied_migrations()
    loader = MigrationLoader(connection, load=False, ignore_no_migrations=True)
    problem = _attempt(loader.load_disk, "The migration files cannot be loaded")
    has_files = not problem
    problem = problem or _attempt(loader.build_graph, "The migration files do not fit together")
    return Migrations(
        loader=loader,
        recorded={key: row.applied for key, row in rows.items()},
        has_files=has_files,
        has_graph=not problem,
        problems=(problem,) if problem else tuple(_graph_problems(loader, connection)),
    )


def _attempt(load: Callable[[], None], what: str) -> str:
    """Return why the files of the project could not be read; their code may raise anything."""
    try:
        load()
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        return f"{what} ({type(error).__name__}: {error})."
    return ""


def _graph_problems(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> Iterator[str]:
    try:
        loader.check_consistent_history(connection)
    except InconsistentMigrationHistory as error:
        yield str(error)
    for label, names in sorted(loader.detect_conflicts().items()):
        yield (
            f"App {label!r} has {len(names)} leaf migrations ({', '.join(names)}): "
            "run makemigrations --merge."
        )


def per_app(
    migrations: Migrations, faked: Collection[Key], labels: Collection[str] = ()
) -> tuple[AppStatus, ...]:
    """Return the state of every migration, by app; with ``labels`` of these apps only."""
    states = list(_states(migrations, faked))
    wanted = sorted({one.app_label for one in states if not labels or one.app_label in labels})
    return tuple(
        AppStatus(
            label=label,
            installed=_is_label(label),
            migrations=tuple(one for one in states if one.app_label == label),
        )
        for label in wanted
    )


def check_labels(migrations: Migrations, labels: Iterable[str]) -> None:
    """Raise ``CommandError`` for a label that neither an installed app nor a record has."""
    recorded = {label for label, _ in migrations.recorded}
    for label in labels:
        if label not in recorded and not _is_label(label):
            raise CommandError(f"No installed app has the label {label!r}.")


def _is_label(label: str) -> bool:
    return any(config.label == label for config in apps.get_app_configs())


def _states(migrations: Migrations, faked: Collection[Key]) -> Iterator[MigrationState]:
    replaced_by = {
        key: node for node, migration in migrations.files.items() for key in migration.replaces
    }
    for key in sorted({*migrations.files, *migrations.recorded}):
        state = _state(key, migrations, replaced_by)
        if not state:
            continue
        app_label, name = key
        moment = migrations.recorded.get(key)
        migration: Any = migrations.files.get(key)
        yield MigrationState(
            app_label=app_label,
            name=name,
            state=state,
            recorded=key in migrations.recorded,
            applied_at=moment.isoformat() if moment else "",
            faked=key in faked and key in migrations.recorded,
            replaces=tuple(".".join(one) for one in migration.replaces) if migration else (),
            replaced_by=".".join(replaced_by.get(key, ())),
        )


def _state(key: Key, migrations: Migrations, replaced_by: dict[Key, Key]) -> str:
    """Return the state of a migration; empty for a record whose file is gone because a squashed migration replaces it."""
    if key not in migrations.files:
        if key in replaced_by:
            return ""
        return GHOST if migrations.has_files else APPLIED
    if not migrations.has_graph or key in migrations.loader.graph.nodes:
        return APPLIED if migrations.is_applied(key) else PENDING
    replacement = replaced_by.get(key)
    return REPLACED if replacement in migrations.loader.graph.nodes else UNUSABLE
