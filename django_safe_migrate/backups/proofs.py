"""
Proofs that backups can be restored, each in a small file beside its backup.

Not in the manifest: that is written once, with the backup. A proof that is lost or damaged is a backup that was not proven, nothing more.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.receipt import Receipt
    from django_safe_migrate.backups.storage import BackupStorage

#: Ends as the files do that django-dbbackup takes for no backup.
SUFFIX = ".proof.metadata"


def name_of(backup: str) -> str:
    """Return the name of the file with a backup's proof."""
    return backup + SUFFIX


def write(storage: BackupStorage, receipt: Receipt) -> None:
    """Store when and how a backup was proven, in place of what was known before."""
    name = name_of(receipt.name)
    storage.delete(name)
    stored = storage.save_json(
        name, {"sha256": receipt.sha256, "proven_at": receipt.proven_at, "proof": receipt.proof}
    )
    if stored != name:
        storage.delete(stored)
        raise BackupFailed(
            f"The storage for backups ({storage}) renamed {name} to {stored}, so the proof could not be kept. The backup itself was restored."
        )


def with_proof(storage: BackupStorage, receipt: Receipt) -> Receipt:
    """Return a receipt with what is known of its proof; one of other content does not count."""
    found = _read(storage, name_of(receipt.name))
    if found.get("sha256") != receipt.sha256:
        return receipt
    return dataclasses.replace(
        receipt, proven_at=str(found.get("proven_at", "")), proof=str(found.get("proof", ""))
    )


def delete(storage: BackupStorage, backup: str) -> None:
    """Delete the proof of a backup; harmless when there is none."""
    storage.delete(name_of(backup))


def _read(storage: BackupStorage, name: str) -> dict[str, Any]:
    try:
        found = json.loads(storage.read(name)) if storage.exists(name) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
