"""One attempt to carry out a plan: what was asked (frozen) and what became of it (append-only)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django_safe_migrate.findings import Finding

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis import Forecast
    from django_safe_migrate.backups.base import BackupBackend
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database, RowCount, RunLock
    from django_safe_migrate.environment import EnvironmentContext
    from django_safe_migrate.events import Emit
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.step_failed import StepFailed
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.plan import Plan
    from django_safe_migrate.preservation.foreseeing import Foresight
    from django_safe_migrate.record import RunRecord
    from django_safe_migrate.verification import Baseline

MIGRATE = "migrate"
ROLLBACK = "rollback"
RESTORE = "restore"
REPAIR = "repair"

#: Shown the run and the findings of its preflight; answers whether it goes on.
Ask = Callable[["Run", tuple[Finding, ...]], bool]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """
    What was asked of a run; durations in seconds.

    ``backup`` is always, destructive or never; ``on_failure`` stop, rollback or restore; ``allow`` names rules whose findings do not
    block this run, ``rehearse`` is how far its plan is rehearsed first, empty for not at all. ``force`` allows all that can be forced. ``terminate_blockers``: sessions in our way
    that have been idle in a transaction for so long are ended; None: never. ``rollback_of`` is the id of the run that this one undoes.
    """

    database: str = "default"
    kind: str = MIGRATE
    fake: bool = False
    fake_initial: bool = False
    backup: str = "always"
    on_failure: str = "stop"
    allow: frozenset[str] = frozenset()
    force: bool = False
    lock_timeout: float | None = 2.0
    statement_timeout: float | None = None
    run_lock_wait: float = 600.0
    terminate_blockers: float | None = None
    interactive: bool = False
    rehearse: str = ""
    rehearse_if_destructive: bool = False
    rollback_of: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data for the journal."""
        return {**dataclasses.asdict(self), "allow": sorted(self.allow)}


@dataclasses.dataclass(frozen=True, slots=True)
class StageResult:
    """
    What a stage gives back.

    ``status`` is passed, failed or skipped; ``detail`` is plain data for the record. ``error`` is raised by the pipeline once the
    result is recorded.
    """

    status: str
    findings: tuple[Finding, ...] = ()
    detail: dict[str, Any] = dataclasses.field(default_factory=dict)
    error: Exception | None = None


@dataclasses.dataclass(slots=True, kw_only=True)
class Run:
    """
    A run under way.

    ``state_without_plan`` is the project's state that all applied migrations outside of the plan add up to; nobody changes it.
    ``emit`` is how stages say what happens while it happens; ``forecasts``, by label of migration, are what ``preflight`` hands on to
    who is asked, ``baseline``, ``state_after`` and ``failure`` what ``execute`` hands on to ``verify`` and to the pipeline, everything
    else a stage returns.
    """

    options: RunOptions
    settings: Settings
    database: Database
    executor: SafeMigrationExecutor
    plan: Plan
    record: RunRecord
    emit: Emit
    lock: RunLock
    surroundings: Surroundings
    ask: Ask
    state_without_plan: ProjectState
    is_first_install: bool
    needs_backup: bool
    backup_reason: str
    backup_backend: Callable[[], BackupBackend]
    forecasts: Mapping[str, Forecast] = dataclasses.field(default_factory=dict)
    baseline: Baseline | None = None
    state_after: ProjectState | None = None
    failure: StepFailed | None = None
    #: What becomes of the data that the plan destroys, as far as that is known beforehand.
    foresight: Foresight | None = None
    #: The receipt of the backup that an earlier run of the same command has made, and that serves this one too.
    earlier_backup: dict[str, Any] | None = None

    @property
    def database_option(self) -> str:
        """The option that names the database in a command; empty for the default one."""
        alias = self.options.database
        return "" if alias == "default" else f" --database {alias}"

    def environment(self) -> EnvironmentContext:
        """Return what the checks of the environment look at, with the locks that the plan will take, as far as they are forecast by now."""
        from django_safe_migrate.environment import EnvironmentContext, plan_locks

        return EnvironmentContext(
            database=self.database,
            plan=self.plan,
            loader=self.executor.loader,
            settings=self.settings,
            first_install=self.is_first_install,
            locks=plan_locks(self.forecasts.values()),
        )

    @property
    def backup_row_counts(self) -> dict[str, RowCount] | None:
        """The row counts of the backup that this run made, or None when it made none."""
        if self.record.backup is None or self.earlier_backup is not None:
            return None
        from django_safe_migrate.databases import RowCount

        return {
            name: RowCount(**count)
            for name, count in self.record.backup.get("row_counts", {}).items()
        }
