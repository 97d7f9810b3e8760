"""Proving a backup: restored into a scratch database and compared with its manifest, which is what a restore would do."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.backups import contents, encryption, proofs, refusals
from django_safe_migrate.backups.connector import RestoreRequest, report
from django_safe_migrate.exceptions import BackupFailed

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
    with refusals.failures(connector, f"The backup {receipt.name} is not proven.", receipt):
        refusals.refuse_open_transaction(connector.database)
        with storage.fetched(
            receipt.name, lambda done: report(progress, "reading", done, receipt.size)
        ) as (path, found):
            refusals.compare(receipt, found)
            with encryption.opened(connector, storage, receipt, path) as plain:
                request = RestoreRequest(
                    path=plain, receipt=receipt, no_owner=no_owner, progress=progress
                )
                with connector.scratch(request) as scratch:
                    notices = scratch.notices
                    compared = _details_compared(connector, scratch, receipt)
        proven = dataclasses.replace(
            receipt,
            proven_at=_now(),
            proof=_words(receipt, compared, notices, time.perf_counter() - started),
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
        with refusals.failures(connector, what, receipt):
            refusals.refuse_open_transaction(connector.database)
            with storage.fetched(
                receipt.name, lambda done: report(progress, "reading", done, receipt.size)
            ) as (path, found):
                refusals.compare(receipt, found)
                with encryption.opened(connector, storage, receipt, path) as plain:
                    request = RestoreRequest(
                        path=plain, receipt=receipt, no_owner=no_owner, progress=progress
                    )
                    scratch = stack.enter_context(connector.scratch(request))
        yield scratch


def _details_compared(connector: SafeConnector, scratch: Scratch, receipt: Receipt) -> str:
    """Compare what is more than counts with the manifest, and say what was compared; raise when something differs."""
    sequences = f"{len(receipt.sequences)} sequences, " if receipt.sequences else ""
    expected, why_not = receipt, connector.incomparable(receipt) if receipt.row_checksums else ""
    if why_not:
        expected = dataclasses.replace(receipt, row_checksums={})
    found = connector.details(scratch, expected)
    faults = contents.detail_differences(
        contents.Details(expected.row_checksums, expected.sequences), found
    )
    if faults:
        raise BackupFailed(
            f"The database restored from {receipt.name} is not what was backed up: {' '.join(faults)}"
        )
    if why_not:
        return f"counts only (the checksums of rows were not compared: {why_not}), {sequences}"
    if not expected.row_checksums:
        return f"counts only (the manifest has no checksums of rows), {sequences}"
    compared = expected.row_checksums.keys() & found.row_checksums.keys()
    return f"checksums of all rows of {len(compared)} tables compared, {sequences}"


def _words(receipt: Receipt, compared: str, notices: tuple[str, ...], seconds: float) -> str:
    """Say what was compared; tables whose rows the manifest only estimates were not counted."""
    counted = [count for count in receipt.row_counts.values() if count.exact]
    rows = f"{sum(count.rows for count in counted)} rows in {len(counted)} of {len(receipt.row_counts)} tables counted"
    told = f" Notices: {' '.join(notices)}" if notices else ""
    return (
        f"restored into a scratch database in {seconds:.1f} s, {rows}, {compared}{len(receipt.applied_migrations)} applied migrations and "
        f"the number of other objects as in the manifest.{told}"
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
