"""What is known of a database at one moment: the data that ``migrate_status`` shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

SCHEMA_VERSION = 1

APPLIED = "applied"
PENDING = "pending"
REPLACED = "replaced"
UNUSABLE = "unusable"
GHOST = "ghost"

FREE = "free"
HELD = "held"
UNKNOWN = "unknown"

FINISHED = "finished"
NOTHING_LEFT = "nothing left"
UNCLEAR = "unclear"
NOT_BEGUN = "not begun"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MigrationState:
    """
    One migration of an app.

    ``state`` is applied, pending, replaced (a squashed migration stands for it), unusable (a squashed migration of which only a
    part is applied: what it replaces counts) or ghost (recorded as applied, and there is no file). ``recorded`` is whether
    ``django_migrations`` has a row, ``faked`` whether a run of ours recorded it without carrying it out.
    """

    app_label: str
    name: str
    state: str
    recorded: bool = False
    applied_at: str = ""
    faked: bool = False
    replaces: tuple[str, ...] = ()
    replaced_by: str = ""

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.app_label}.{self.name}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AppStatus:
    """The migrations of one app, in the order of their names; ``installed`` is false when only records are left of it."""

    label: str
    installed: bool
    migrations: tuple[MigrationState, ...]

    def in_state(self, *states: str) -> tuple[MigrationState, ...]:
        """The migrations in one of these states."""
        return tuple(one for one in self.migrations if one.state in states)

    @property
    def faked(self) -> tuple[MigrationState, ...]:
        """The applied migrations that were recorded without being carried out."""
        return tuple(one for one in self.migrations if one.faked)

    @property
    def squashed(self) -> tuple[MigrationState, ...]:
        """The migrations that replace others."""
        return tuple(one for one in self.migrations if one.replaces)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LockStatus:
    """The run lock: ``state`` is free, held or unknown; ``detail`` says by whom, or why it is not known."""

    state: str
    detail: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """
    One run; moments are ISO 8601 in UTC, ``done`` and ``planned`` count migrations, ``migrations`` names those done.

    ``point_in_time`` is that of the report: where the database's log was before the run and after each migration.
    """

    id: str
    kind: str
    status: str
    outcome: str
    started_at: str
    finished_at: str
    seconds: float
    exit_code: int | None
    who: str
    host: str
    pid: int
    command: str
    release: str
    done: int
    planned: int
    migrations: tuple[str, ...]
    backup: str
    rollback_of: str
    error: str
    point_in_time: dict[str, Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    A run that goes on: the stage, migration and operation under way, and the seconds since the run began.

    ``attempt`` is that of the ``scope`` that is tried again. ``share``, ``left_seconds``, ``estimated_seconds`` and ``is_overdue`` are those
    of ``reports.progress.RunProgress``, ``left`` says them in words. ``meanwhile`` says what its monitor saw last: how far a statement is,
    who waits for the run, and for whom it waits; ``monitoring`` is the same as data.
    """

    run: RunSummary
    stage: str
    migration: str
    operation: str
    attempt: int
    seconds: float
    scope: str = ""
    share: float | None = None
    left_seconds: float | None = None
    estimated_seconds: float | None = None
    is_overdue: bool = False
    left: str = ""
    meanwhile: str = ""
    monitoring: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NextCommand:
    """A command of ``manage.py``, and what it is for."""

    command: str
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OperationStatus:
    """
    One operation of a half-done migration, in the order in which it was to be carried out.

    ``state`` is finished, not begun, or of one that was under way: unclear (it may have left something) or nothing left.
    """

    index: int
    description: str
    state: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HalfDone:
    """A migration that a run left in the middle, where no transaction undid what it had done."""

    run_id: str
    migration: str
    direction: str
    run_status: str
    explanation: str
    operations: tuple[OperationStatus, ...]
    next_commands: tuple[NextCommand, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeadRun:
    """A run that never said that it ended, and whose process is gone."""

    run: RunSummary
    stage: str
    migration: str
    operation: str
    explanation: str
    next_commands: tuple[NextCommand, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """
    Everything ``migrate_status`` knows.

    ``unreachable`` is why the database does not answer, empty when it does; ``history_unavailable`` why there are no runs but those
    of the journals. ``pending`` are the labels of pending migrations in the order in which they would be applied.
    """

    database: str
    server: str
    at: str
    unreachable: str = ""
    history_unavailable: str = ""
    apps: tuple[AppStatus, ...] = ()
    pending: tuple[str, ...] = ()
    lock: LockStatus = LockStatus(state=UNKNOWN)
    under_way: tuple[Progress, ...] = ()
    runs: tuple[RunSummary, ...] = ()
    dead_runs: tuple[DeadRun, ...] = ()
    half_done: tuple[HalfDone, ...] = ()
    invalid_indexes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def migrations(self) -> Iterator[MigrationState]:
        """The migrations of all apps."""
        return (migration for app in self.apps for migration in app.migrations)

    @property
    def ghosts(self) -> tuple[MigrationState, ...]:
        """Migrations of installed apps that are recorded as applied and have no file."""
        return tuple(ghost for app in self.apps if app.installed for ghost in app.in_state(GHOST))

    @property
    def leftovers(self) -> tuple[MigrationState, ...]:
        """Records of apps that are not installed."""
        return tuple(
            ghost for app in self.apps if not app.installed for ghost in app.in_state(GHOST)
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why ``--check`` fails, one sentence each; empty when all is well."""
        return tuple(self._reasons())

    def _reasons(self) -> Iterator[str]:
        if self.unreachable:
            yield f"Database {self.database!r} cannot be reached: {self.unreachable}"
        if self.pending:
            yield f"{_are(len(self.pending), 'migration')} pending: {', '.join(self.pending)}."
        if self.half_done:
            labels = ", ".join(one.migration for one in self.half_done)
            yield f"{_are(len(self.half_done), 'migration')} half done: {labels}."
        if self.ghosts:
            labels = ", ".join(one.label for one in self.ghosts)
            yield f"{_are(len(self.ghosts), 'migration')} recorded as applied, and the file is gone: {labels}."
        yield from self.problems

    def only_pending(self) -> Status:
        """Return the same without the migrations that are not pending."""
        apps = (dataclasses.replace(app, migrations=app.in_state(PENDING)) for app in self.apps)
        return dataclasses.replace(self, apps=tuple(app for app in apps if app.migrations))

    def to_json(self) -> dict[str, Any]:
        """Return plain data; docs/status-json.md describes it."""
        from django_safe_migrate.status.words import headline

        return {
            "schema_version": SCHEMA_VERSION,
            "headline": headline(self),
            "check": {"ok": not self.reasons, "reasons": list(self.reasons)},
            **_plain(dataclasses.asdict(self)),
        }


def _are(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value
