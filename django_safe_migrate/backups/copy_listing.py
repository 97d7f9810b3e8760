"""The backups of a database with their copies, and those of which only a copy is left."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.backups import copies, copy_records
from django_safe_migrate.backups.storage import open_storage
from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.base import BackupBackend
    from django_safe_migrate.backups.copies import Found
    from django_safe_migrate.backups.receipt import Copy, Receipt

GONE = "The backup itself is gone from the storage; only copies of it are there."


def merged(backend: BackupBackend, alias: str, found: Sequence[Found]) -> tuple[Receipt, ...]:
    """
    Return the backups of a database, newest first, each with its copies as they are now.

    Args:
        backend: lists the backups themselves.
        alias: the database.
        found: what the storages of copies have.

    Raises:
        BackupFailed: the backups themselves cannot be listed, and no copies either.
    """
    listed, recorded, lost = _own(backend, alias, found)
    every = [_with_copies(one, found, recorded.get(one.name, ())) for one in listed]
    names = {one.name for one in listed}
    for place in found:
        for copy in place.receipts:
            if copy.copy_of not in names and copy.is_verified:
                names.add(copy.copy_of)
                every.append(_from_copies(copy, found, lost))
    return tuple(sorted(every, key=lambda one: (one.created_at, one.name), reverse=True))


def _own(
    backend: BackupBackend, alias: str, found: Sequence[Found]
) -> tuple[tuple[Receipt, ...], dict[str, tuple[Copy, ...]], str]:
    """The backups themselves, their copies as recorded, and why those are lost that are not among them."""
    try:
        storage, listed = open_storage(), backend.list(alias)
        names = storage.names()
        recorded = {one.name: copy_records.read(storage, one.name, names) for one in listed}
    except BackupFailed as error:
        if not any(one.receipts for one in found):
            raise
        return (), {}, error.message
    return listed, recorded, GONE


def _with_copies(receipt: Receipt, found: Sequence[Found], recorded: Sequence[Copy]) -> Receipt:
    """Return a backup with its copies; one that is broken, and of which a whole copy is known, as that tells of it."""
    if receipt.broken:
        copies_of = (one.copy_of(receipt.name, receipt.sha256) for one in found)
        whole = next((one for one in copies_of if one is not None and one.is_verified), None)
        if whole is not None:
            return _from_copies(whole, found, receipt.broken)
    return dataclasses.replace(receipt, copies=copies.present(receipt, found, recorded))


def _from_copies(copy: Receipt, found: Sequence[Found], lost: str) -> Receipt:
    receipt = dataclasses.replace(copy, name=copy.copy_of, copy_of="", lost=lost)
    return dataclasses.replace(receipt, copies=copies.present(receipt, found, ()))
