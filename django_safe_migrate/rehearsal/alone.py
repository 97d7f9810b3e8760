"""A rehearsal outside of a run: the pending plan, on a backup made now or one that there is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.execution.limits import check_limits
from django_safe_migrate.plan import Plan, freeze
from django_safe_migrate.rehearsal.directing import RehearsalRequest, Told, rehearse
from django_safe_migrate.rehearsal.receipt import SCHEMA, RehearsalReceipt

if TYPE_CHECKING:
    from django_safe_migrate.backups import BackupBackend, Receipt
    from django_safe_migrate.backups.base import Progress
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.targets import Planned

#: The newest verified backup there is, and one made for this rehearsal.
LATEST, NEW = "latest", "new"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AloneRequest:
    """What the command asks; ``backup`` is ``new``, ``latest`` or a name; durations in seconds."""

    database: Database
    executor: SafeMigrationExecutor
    planned: Planned
    backend: BackupBackend
    settings: Settings
    extent: str
    backup: str = NEW
    lock_timeout: float | None = None
    statement_timeout: float | None = None
    progress: Progress | None = None


def rehearse_alone(request: AloneRequest, told: Told) -> tuple[RehearsalReceipt, Receipt | None]:
    """
    Rehearse what is pending; return the receipt, and that of the backup, if there was one.

    The run lock is not taken: nothing is done to the database but what a backup does.

    Raises:
        BackupFailed: there is no such backup, or none could be made or restored.
        RehearsalFailed: the process that rehearses did not come to an end.
    """
    plan = frozen(request)
    check_limits(step.migration for step in plan.steps)
    backup = None if request.extent == SCHEMA else _backup(request)
    settings = request.settings
    receipt = rehearse(
        RehearsalRequest(
            plan=plan,
            database=request.database,
            applied=frozenset(request.executor.loader.applied_migrations),
            backend=request.backend,
            backup=backup,
            settings=settings,
            extent=request.extent,
            lock_timeout=request.lock_timeout,
            statement_timeout=request.statement_timeout,
            progress=request.progress,
        ),
        told,
    )
    return receipt, backup


def frozen(request: AloneRequest) -> Plan:
    """Return the plan as a run would freeze it."""
    return freeze(request.database.alias, request.planned.targets, request.planned.plan)


def _backup(request: AloneRequest) -> Receipt:
    alias = request.database.alias
    if request.backup == NEW:
        return request.backend.create(request.database, progress=request.progress)
    if request.backup != LATEST:
        return request.backend.restorable(request.backup, alias)
    found = request.backend.latest(request.database)
    if found is None:
        raise BackupFailed(
            f"There is no verified backup of database {alias!r}.",
            next_command=f"migrate_rehearse --database {alias}   (makes one)",
        )
    return found
