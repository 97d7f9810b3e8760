"""The plan: the frozen list of migrations, with direction, that a run carries out, and its fingerprint."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation

#: What Django's executor takes: (app label, migration name), the name None for ``zero``.
Target = tuple[str, str | None]


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One operation of a planned migration; ``index`` is its place in ``Migration.operations``."""

    index: int
    operation: Operation
    description: str


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedMigration:
    """One migration in one direction, with its operations in the order of the file."""

    migration: Migration
    backwards: bool
    operations: tuple[PlannedOperation, ...]
    #: The path of the migration's source, empty when it has none.
    file: str

    @property
    def app_label(self) -> str:
        """The app it belongs to."""
        return self.migration.app_label

    @property
    def name(self) -> str:
        """Its name, without the app label."""
        return self.migration.name

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.app_label}.{self.name}"

    @property
    def direction(self) -> str:
        """``forwards`` or ``backwards``."""
        return "backwards" if self.backwards else "forwards"


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What would be carried out on one database."""

    database: str
    targets: tuple[Target, ...]
    steps: tuple[PlannedMigration, ...]
    fingerprint: str

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def backwards(self) -> bool:
        """Whether the plan unapplies migrations; Django allows no plan of both directions."""
        return any(step.backwards for step in self.steps)

    def django_plan(self) -> list[tuple[Migration, bool]]:
        """The plan as Django's executor and its signals take it."""
        return [(step.migration, step.backwards) for step in self.steps]


def freeze(
    database: str, targets: Iterable[Target], django_plan: Sequence[tuple[Migration, bool]]
) -> Plan:
    """Return the plan that Django's executor made for these targets, frozen."""
    steps = tuple(_planned(migration, backwards) for migration, backwards in django_plan)
    frozen_targets = tuple(targets)
    return Plan(database, frozen_targets, steps, _fingerprint(database, frozen_targets, steps))


def source_file(migration: Migration) -> str:
    """Return the path of a migration's source file, or an empty text (a migration made in memory, or only bytecode)."""
    try:
        return inspect.getsourcefile(type(migration)) or ""
    except (TypeError, OSError):
        return ""


def _planned(migration: Migration, backwards: bool) -> PlannedMigration:
    operations = tuple(
        PlannedOperation(index, operation, operation.describe())
        for index, operation in enumerate(migration.operations)
    )
    return PlannedMigration(migration, backwards, operations, source_file(migration))


def _fingerprint(
    database: str, targets: tuple[Target, ...], steps: tuple[PlannedMigration, ...]
) -> str:
    digest = hashlib.sha256()
    digest.update(repr((database, targets)).encode())
    for step in steps:
        digest.update(f"\0{step.label}\0{step.direction}\0".encode())
        digest.update(_content(step))
    return digest.hexdigest()


def _content(step: PlannedMigration) -> bytes:
    """The migration's source, since the repr of an operation can hold memory addresses; without a source, what it describes."""
    path = Path(step.file) if step.file else None
    if path is not None and path.is_file():
        return path.read_bytes()
    return "\n".join(operation.description for operation in step.operations).encode()
