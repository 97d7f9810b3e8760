"""A rehearsal from outside: restore a backup beside the database, have the plan carried out there, and write the receipt."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from django_safe_migrate import events
from django_safe_migrate.backups.samples import sampled
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import RehearsalFailed
from django_safe_migrate.rehearsal import marker
from django_safe_migrate.rehearsal.child import Orders
from django_safe_migrate.rehearsal.folding import fold
from django_safe_migrate.rehearsal.isolation import Isolation, ensure_elsewhere
from django_safe_migrate.rehearsal.process import started
from django_safe_migrate.rehearsal.receipt import FULL, PASS_WORDS, RETURN, RehearsalReceipt

if TYPE_CHECKING:
    from django_safe_migrate.backups import BackupBackend, Receipt
    from django_safe_migrate.backups.base import Progress
    from django_safe_migrate.backups.connector import Scratch
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import Plan

#: Called with each thing that the process tells, and the receipt so far.
Told = Callable[[dict[str, Any], RehearsalReceipt], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRequest:
    """
    What is asked of a rehearsal; durations in seconds.

    ``applied`` are the migrations that the database has, ``backup`` the receipt of what is restored, None with the extent ``schema``.
    """

    plan: Plan
    database: Database
    applied: frozenset[tuple[str, str]]
    backend: BackupBackend
    backup: Receipt | None
    settings: Settings
    extent: str = RETURN
    lock_timeout: float | None = None
    statement_timeout: float | None = None
    progress: Progress | None = None


def rehearse(request: RehearsalRequest, told: Told) -> RehearsalReceipt:
    """
    Rehearse a plan, and return the receipt; what failed on the copy is in there.

    Raises:
        BackupFailed: the backup could not be restored beside the database, or a client program failed.
        ImproperlyConfigured: ``REACH`` names no database, or the one that is rehearsed.
        RehearsalFailed: the copy is not what it should be, or the process that rehearses did not come to an end.
    """
    started_at, began = events.timestamp(), time.perf_counter()
    module = _settings_module()
    _check_reach(request.settings.rehearse.reach, request.database.alias)
    with _copy(request) as scratch:
        receipt = RehearsalReceipt(
            fingerprint=request.plan.fingerprint,
            database=request.database.alias,
            extent=request.extent,
            server=request.database.server,
            backup=request.backup.name if request.backup else "",
            backup_created_at=request.backup.created_at if request.backup else "",
            sample=None if request.backup else request.settings.rehearse.sample,
            started_at=started_at,
            restore_seconds=time.perf_counter() - began,
            notices=list(scratch.notices),
        )
        isolation = Isolation(
            module, request.database.alias, scratch.name, request.settings.rehearse.reach
        )
        orders = _orders(request, scratch)
        with started(isolation.environment(), orders.to_json()) as process:
            for line in process.told():
                fold(receipt, line)
                told(line, receipt)
    receipt.seconds = time.perf_counter() - began
    return receipt


def _copy(request: RehearsalRequest) -> contextlib.AbstractContextManager[Scratch]:
    """What is rehearsed on: a restored backup, or a sample."""
    settings = request.settings
    if request.backup is not None:
        return request.backend.beside(
            request.backup.name,
            request.database,
            no_owner=settings.rehearse.no_owner,
            progress=request.progress,
        )
    return sampled(
        request.database,
        settings.rehearse.sample,
        bin_dir=settings.backup.options.get("bin_dir"),
        no_owner=settings.rehearse.no_owner,
        progress=request.progress,
    )


def failure_of(receipt: RehearsalReceipt, command: str) -> RehearsalFailed | None:
    """Return the error of a rehearsal that failed, with the rows that stand in the way; None of one that did not. ``command`` is to be run again."""
    failure = receipt.failure
    if failure is None:
        return None
    what = f"{failure.migration}" if failure.migration else "The plan"
    operation = f" in {failure.operation}" if failure.operation else ""
    when = f" ({PASS_WORDS[failure.pass_name]})" if failure.pass_name in PASS_WORDS else ""
    offenders = "".join(f"\n{one}" for one in failure.offenders)
    return RehearsalFailed(
        f"{what} failed on the copy{when}{operation}: {failure.message}{offenders}",
        next_command=f"{command}   (after mending the migration or the data)",
    )


def _settings_module() -> str:
    module = getattr(django_settings, "SETTINGS_MODULE", None)
    if not module:
        raise RehearsalFailed(
            "The settings of this process were not read from a module (settings.configure() made them), so no other process can have them: "
            "set DJANGO_SETTINGS_MODULE to rehearse."
        )
    return str(module)


def _check_reach(reach: tuple[str, ...], alias: str) -> None:
    for name in reach:
        if name not in connections:
            raise ImproperlyConfigured(
                f"SAFE_MIGRATE['REHEARSE']['REACH'] names {name!r}, and DATABASES has no such alias; use one of: "
                f"{', '.join(sorted(connections))}."
            )
        if name != alias:
            ensure_elsewhere(name, connections.settings[name], alias, connections.settings[alias])


def _orders(request: RehearsalRequest, scratch: Scratch) -> Orders:
    plan = request.plan
    limit = request.settings.exact_count_below
    counts = request.backup.row_counts if request.backup else {}
    large = [name for name, count in counts.items() if count.rows >= limit]
    return Orders(
        alias=request.database.alias,
        name=scratch.name,
        token=marker.put(get_database(scratch.connection), scratch.name),
        steps=tuple((step.app_label, step.name, step.backwards) for step in plan.steps),
        targets=plan.targets,
        fingerprint=plan.fingerprint,
        applied=tuple(sorted(request.applied)),
        extent=request.extent,
        large=() if request.extent == FULL else tuple(sorted(large)),
        lock_timeout=request.lock_timeout,
        statement_timeout=request.statement_timeout,
        concurrent_timeout=request.settings.concurrent_timeout,
    )
