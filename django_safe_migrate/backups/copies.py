"""Copies of a backup in further storages: each streamed there, read back from there in full, and described by a manifest of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django_safe_migrate.backups import catalogue, refusals
from django_safe_migrate.backups.connector import report
from django_safe_migrate.backups.receipt import Copy, Receipt
from django_safe_migrate.backups.storage import BackupStorage, open_copies, open_storage
from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.base import Progress

READ_BACK = "read back from the storage of copies, size and SHA-256 equal"


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What a storage of copies has: the receipts of copies, newest first; ``error`` says why it could not be asked."""

    alias: str
    receipts: tuple[Receipt, ...] = ()
    error: str = ""

    def copy_of(self, name: str, sha256: str = "") -> Receipt | None:
        """Return the copy of a backup, one that is whole before one that is not; None when there is none of this content."""
        mine = [
            one
            for one in self.receipts
            if one.copy_of == name and (not sha256 or one.sha256 == sha256)
        ]
        return next((one for one in mine if one.is_verified), mine[0] if mine else None)


# --- making ------------------------------------------------------------------------------------------------------------------


def make(
    receipt: Receipt, aliases: Sequence[str], progress: Progress | None = None
) -> tuple[Copy, ...]:
    """
    Copy a backup into further storages and return what became of each; ``error`` of a copy says why there is none.

    Args:
        receipt: the verified backup, in the storage of backups.
        aliases: where copies go, by their names in ``STORAGES``.
        progress: told what is being done.

    Raises:
        BackupFailed: the backup itself cannot be read any more.
    """
    with open_storage().fetched(receipt.name) as (path, found):
        refusals.compare(receipt, found)
        return tuple(_made(receipt, path, alias, progress) for alias in aliases)


def _made(receipt: Receipt, path: Path, alias: str, progress: Progress | None) -> Copy:
    storage, complete = open_copies(alias), False
    uploaded = _Uploaded(storage, receipt.name)
    try:
        report(progress, f"copying to {alias}", 0, receipt.size)
        uploaded.name = storage.save_copy(receipt.name, path)
        found = storage.read_through(
            uploaded.name,
            lambda done: report(progress, f"reading back from {alias}", done, receipt.size),
        )
        copy = dataclasses.replace(
            receipt,
            name=uploaded.name,
            copy_of=receipt.name,
            storage=str(storage),
            verified_at=_now(),
            verification=READ_BACK,
        )
        refusals.compare(copy, found)
        catalogue.write(storage, copy)
        complete = True
    except BackupFailed as error:
        return Copy(storage=alias, where=str(storage), error=error.message)
    finally:
        if not complete:
            uploaded.discard()
    return described(alias, copy)


class _Uploaded:
    """A file on its way into a storage, which is removed there when it does not become a copy."""

    def __init__(self, storage: BackupStorage, wanted: str) -> None:
        self.storage, self.wanted, self.name = storage, wanted, ""
        self.was_there = True
        # What cannot be asked will say so when the file is stored.
        with contextlib.suppress(BackupFailed):
            self.was_there = storage.exists(wanted)

    def discard(self) -> None:
        """Remove what was stored: under the name that was given, or the one wanted where the storage failed before it gave one."""
        if self.name:
            catalogue.discard(self.storage, self.name)
        elif not self.was_there:
            with contextlib.suppress(BackupFailed):
                self.storage.delete(self.wanted)


def described(alias: str, copy: Receipt) -> Copy:
    """Return what a receipt tells of the copy that it belongs to."""
    return Copy(
        storage=alias,
        where=copy.storage,
        name=copy.name,
        verified_at=copy.verified_at,
        error=copy.broken,
    )


# --- finding -----------------------------------------------------------------------------------------------------------------


def find(alias: str, database: str) -> Found:
    """Return the copies of backups of a database that a storage has."""
    try:
        listed = catalogue.receipts(open_copies(alias), database)
    except BackupFailed as error:
        return Found(alias, error=error.message)
    return Found(alias, tuple(one for one in listed if one.copy_of))


def present(receipt: Receipt, found: Sequence[Found], recorded: Sequence[Copy]) -> tuple[Copy, ...]:
    """
    Return the copies of a backup as they are now.

    Args:
        receipt: the backup.
        found: what the storages of copies have.
        recorded: the copies that were made once, as they were then.
    """
    known = {copy.storage: copy for copy in recorded}
    copies = []
    for one in found:
        copy, was = one.copy_of(receipt.name, receipt.sha256), known.pop(one.alias, None)
        if copy is not None:
            copies.append(described(one.alias, copy))
        elif was is not None:
            gone = one.error or was.error or "The copy is gone from this storage."
            copies.append(dataclasses.replace(was, error=gone))
    unasked = "This storage is not in COPIES any more, so it was not asked."
    copies += [dataclasses.replace(one, error=one.error or unasked) for one in known.values()]
    return tuple(copies)


# --- deleting ----------------------------------------------------------------------------------------------------------------


def remove(alias: str, name: str) -> bool:
    """Delete the copies of a backup from a storage, also one whose upload was killed; return whether there was any."""
    storage = open_copies(alias)
    names = storage.names()
    mine = [one.name for one in catalogue.described(storage, names) if one.copy_of == name]
    if name in names and not any(one != name and one.startswith(name) for one in names):
        # A file without any manifest beside it: no backup of anybody, but what an upload had left.
        storage.delete(name)
        mine.append("")
    for copy in filter(None, mine):
        catalogue.delete(storage, copy)
    return bool(mine)


def read_in_full(storage: BackupStorage, name: str) -> Receipt:
    """Return the receipt of a backup whose bytes are what its manifest says; raise ``BackupFailed`` when they are not."""
    receipt = catalogue.read(storage, name)
    refusals.compare(receipt, storage.read_through(name))
    return receipt


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
