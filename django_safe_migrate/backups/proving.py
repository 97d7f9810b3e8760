"""Proving a backup: restored into a scratch database and compared with its manifest, which is what a restore would do."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.backups import proofs, refusals
from django_safe_migrate.backups.connector import RestoreRequest, report

if TYPE_CHECKING:
    from django_safe_migrate.backups.base import Progress
    from django_safe_migrate.backups.connector import SafeConnector, Scratch
    from django_safe_migrate.backups.receipt import Receipt
    from django_safe_migrate.backups.storage import BackupStorage


def prove(
    connector: SafeConnector,
    storage: BackupStorage,
    receipt: Receipt,
    *,
    no_owner: bool = False,
    progress: Progress | None = None,
) -> Receipt:
    """Restore a backup into a scratch database, drop that, and return the receipt with the proof, which is stored as well."""
    started = time.perf_counter()
    with refusals.failures(connector, f"The backup {receipt.name} is not proven."):
        refusals.refuse_open_transaction(connector.database)
        with storage.fetched(
            receipt.name, lambda done: report(progress, "reading", done, receipt.size)
        ) as (path, found):
            refusals.compare(receipt, found)
            request = RestoreRequest(
                path=path, receipt=receipt, no_owner=no_owner, progress=progress
            )
            with connector.scratch(request) as scratch:
                notices = scratch.notices
        proven = dataclasses.replace(
            receipt,
            proven_at=_now(),
            proof=_words(receipt, notices, time.perf_counter() - started),
        )
        proofs.write(storage, proven)
    return proven


@contextlib.contextmanager
def beside(
    connector: SafeConnector,
    storage: BackupStorage,
    receipt: Receipt,
    *,
    no_owner: bool = False,
    progress: Progress | None = None,
) -> Iterator[Scratch]:
    """Restore a backup into a scratch database for the block, which may change it; it is dropped afterwards, whatever happens."""
    what = f"The backup {receipt.name} was not restored into a scratch database."
    with contextlib.ExitStack() as stack:
        with refusals.failures(connector, what):
            refusals.refuse_open_transaction(connector.database)
            with storage.fetched(
                receipt.name, lambda done: report(progress, "reading", done, receipt.size)
            ) as (path, found):
                refusals.compare(receipt, found)
                request = RestoreRequest(
                    path=path, receipt=receipt, no_owner=no_owner, progress=progress
                )
                scratch = stack.enter_context(connector.scratch(request))
        yield scratch


def _words(receipt: Receipt, notices: tuple[str, ...], seconds: float) -> str:
    """Say what was compared; tables whose rows the manifest only estimates were not counted."""
    counted = [count for count in receipt.row_counts.values() if count.exact]
    rows = f"{sum(count.rows for count in counted)} rows in {len(counted)} of {len(receipt.row_counts)} tables counted"
    told = f" Notices: {' '.join(notices)}" if notices else ""
    return (
        f"restored into a scratch database in {seconds:.1f} s, {rows}, {len(receipt.applied_migrations)} applied migrations and the "
        f"number of other objects as in the manifest.{told}"
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
