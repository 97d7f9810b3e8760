"""The backups in a storage and their manifests, named so that django-dbbackup's commands understand them."""

from __future__ import annotations

import dataclasses
import json
import logging
import time
from typing import Any

from dbbackup import utils as dbbackup_utils

from django_safe_migrate.backups import copy_records, proofs
from django_safe_migrate.backups.connector import SafeConnector
from django_safe_migrate.backups.receipt import ManifestDamaged, Receipt
from django_safe_migrate.backups.storage import BackupStorage
from django_safe_migrate.exceptions import BackupFailed

logger = logging.getLogger("django_safe_migrate")

#: django-dbbackup's own name for the file beside a backup: ``dbrestore`` reads the connector there, ``listbackups`` leaves it
#: out, and its clean-up deletes it with the backup. The manifest is one more key in it.
METADATA = ".metadata"
MANIFEST_KEY = "safe_migrate"
#: Seconds to wait for a name of another second; two backups with one date could not be told apart by django-dbbackup.
NAME_PATIENCE = 1.2


def plain_restore(name: str, alias: str) -> str:
    """Return the command that restores a backup and nothing else: ``migrate_backup restore`` carries the history of runs over."""
    return f"python manage.py dbrestore --database {alias} --uncompress --input-filename {name}"


# --- names -------------------------------------------------------------------------------------------------------------------


def free_name(
    storage: BackupStorage, connector: SafeConnector, wanted: str = "", ending: str = ""
) -> str:
    """Return a name that nothing in the storage has, of the form that django-dbbackup is configured for."""
    name = wanted or _generated(connector) + ending
    deadline = time.monotonic() + NAME_PATIENCE
    while _taken(storage, name) and time.monotonic() < deadline:
        time.sleep(0.05)
        name = _generated(connector) + ending
    number = 2
    candidate = name
    while _taken(storage, candidate):
        stem, dot, extension = name.partition(".")
        candidate = f"{stem}-{number}{dot}{extension}"
        number += 1
    return candidate


def _generated(connector: SafeConnector) -> str:
    return str(connector.generate_filename()) + connector.compression_suffix


def _taken(storage: BackupStorage, name: str) -> bool:
    return storage.exists(name) or storage.exists(name + METADATA)


# --- one manifest ------------------------------------------------------------------------------------------------------------


def write(storage: BackupStorage, receipt: Receipt) -> None:
    """Store a receipt beside its backup, and make sure that it can be read again."""
    ours: dict[str, Any] = {"engine": receipt.engine, "connector": receipt.connector}
    metadata = {**dbbackup_utils.get_user_metadata(dict(ours)), **ours}
    metadata[MANIFEST_KEY] = receipt.to_json()
    stored = storage.save_json(receipt.name + METADATA, metadata)
    try:
        if _receipt(storage, stored) != receipt:
            raise BackupFailed(f"The manifest {stored} was not read back as it was written.")
    except (BackupFailed, ManifestDamaged):
        storage.delete(stored)
        raise


def read(storage: BackupStorage, name: str) -> Receipt:
    """
    Return the receipt of a backup that is in the storage.

    Raises:
        BackupFailed: there is no such backup, it has no manifest, or the manifest is damaged; each with its own sentence.
    """
    manifest = _manifest_of(storage, name)
    present = storage.exists(name)
    if manifest is None and not present:
        raise BackupFailed(
            f"There is no backup {name} in the storage ({storage}).",
            next_command="migrate_backup list",
        )
    if manifest is None:
        raise BackupFailed(
            f"The backup {name} has no manifest beside it: it was interrupted, or another program made it, "
            "and what it should hold is not known."
        )
    try:
        receipt = _receipt(storage, manifest)
    except ManifestDamaged as error:
        raise BackupFailed(f"The backup {name} cannot be relied on. {error}") from error
    if receipt.name != name:
        raise BackupFailed(
            f"The manifest of the backup {name} belongs to another one, {receipt.name}."
        )
    if not present:
        raise BackupFailed(
            f"The backup {name} is gone from the storage ({storage}); only its manifest is there."
        )
    return proofs.with_proof(storage, receipt)


def _is_manifest(name: str) -> bool:
    return (
        name.endswith(METADATA)
        and not name.endswith(proofs.SUFFIX)
        and not copy_records.is_record(name)
    )


def _manifest_of(storage: BackupStorage, name: str) -> str | None:
    if storage.exists(name + METADATA):
        return name + METADATA
    # A storage that renames what it stores has renamed this as well.
    return next(
        (other for other in storage.names() if other.startswith(name) and _is_manifest(other)),
        None,
    )


def _receipt(storage: BackupStorage, manifest: str) -> Receipt:
    metadata = _metadata(storage, manifest)
    if MANIFEST_KEY not in metadata:
        raise ManifestDamaged(f"The file {manifest} holds no manifest of this package.")
    return _sealed(metadata)


def _metadata(storage: BackupStorage, manifest: str) -> dict[str, Any]:
    """Return what a manifest holds, ours or that of django-dbbackup."""
    try:
        metadata = json.loads(storage.read(manifest))
    except ValueError as error:
        raise ManifestDamaged(f"The manifest {manifest} is not JSON ({error}).") from error
    except RecursionError as error:
        raise ManifestDamaged(f"The manifest {manifest} is not JSON (too deep).") from error
    if not isinstance(metadata, dict):
        raise ManifestDamaged(f"The file {manifest} holds no manifest of this package.")
    return metadata


def _sealed(metadata: dict[str, Any]) -> Receipt:
    receipt = Receipt.from_json(metadata[MANIFEST_KEY])
    for key, value in (("engine", receipt.engine), ("connector", receipt.connector)):
        if metadata.get(key) != value:
            raise ManifestDamaged(
                f"The manifest was changed after it was written: what django-dbbackup reads as {key} is not what was sealed."
            )
    return receipt


# --- all of them -------------------------------------------------------------------------------------------------------------


def receipts(storage: BackupStorage, alias: str) -> tuple[Receipt, ...]:
    """Return the backups of an alias, newest first; a broken one says why."""
    names = storage.names()
    found = described(storage, names)
    known = {receipt.name for receipt in found}
    orphans = [
        Receipt(
            name=name,
            database=alias,
            broken="It has no manifest: it was interrupted, or another program made it.",
        )
        for name in names
        if name not in known
        and not name.endswith(METADATA)
        and _looks_like_backup(name, alias)
        and not any(other.startswith(name) and _is_manifest(other) for other in names)
    ]
    ours = [receipt for receipt in found if _concerns(receipt, alias)]
    return tuple(
        sorted(
            [*ours, *orphans], key=lambda receipt: (receipt.created_at, receipt.name), reverse=True
        )
    )


def described(storage: BackupStorage, names: tuple[str, ...]) -> list[Receipt]:
    """Return what the manifests among some files say, whatever database they are of; a broken one says why."""
    found = (_listed(storage, manifest, names) for manifest in names if _is_manifest(manifest))
    return [receipt for receipt in found if receipt is not None]


def _listed(storage: BackupStorage, manifest: str, names: tuple[str, ...]) -> Receipt | None:
    name = manifest.removesuffix(METADATA)
    try:
        metadata = _metadata(storage, manifest)
        if MANIFEST_KEY not in metadata:
            return None  # django-dbbackup made that one
        receipt = _sealed(metadata)
    except ManifestDamaged as error:
        return Receipt(name=name, database="", broken=str(error))
    except BackupFailed as error:
        return Receipt(name=name, database="", broken=error.message)
    if receipt.name not in names:
        return dataclasses.replace(
            receipt, broken="The backup is gone from the storage; only its manifest is there."
        )
    return proofs.with_proof(storage, receipt) if proofs.name_of(name) in names else receipt


def _concerns(receipt: Receipt, alias: str) -> bool:
    return receipt.database == alias or (
        not receipt.database and _looks_like_backup(receipt.name, alias)
    )


def _looks_like_backup(name: str, alias: str) -> bool:
    """django-dbbackup's own test, and the alias at the beginning as its default template has it."""
    return name.startswith(f"{alias}-") and bool(dbbackup_utils.filename_to_datestring(name))


def prune(storage: BackupStorage, alias: str, source: str, keep: int) -> tuple[str, ...]:
    """
    Delete verified backups of this very database beyond the ``keep`` newest ones; the newest proven one stays in any case.

    Broken ones do not count and are not deleted: they are for somebody to look at. Those of another database with the same
    alias, as two projects in one storage have, are not ours to delete.
    """
    pruned = []
    for name in surplus(receipts(storage, alias), source, keep):
        delete(storage, name)
        pruned.append(name)
    return tuple(pruned)


def surplus(found: tuple[Receipt, ...], source: str, keep: int) -> tuple[str, ...]:
    """Return the names of the backups that ``prune`` deletes, out of all, newest first."""
    if keep < 1:
        raise ValueError("At least one backup has to be kept.")
    ours = [one for one in found if one.is_verified and one.source == source]
    proven = next((one.name for one in ours if one.proven_at), "")
    return tuple(one.name for one in ours[keep:] if one.name != proven)


def delete(storage: BackupStorage, name: str) -> None:
    """Delete a backup, then its manifest, so that what is left after a crash is listed as broken."""
    manifest = _manifest_of(storage, name)
    if manifest is None and not storage.exists(name):
        raise BackupFailed(
            f"There is no backup {name} in the storage ({storage}).",
            next_command="migrate_backup list",
        )
    storage.delete(name)
    proofs.delete(storage, name)
    copy_records.delete(storage, name)
    if manifest is not None:
        storage.delete(manifest)


def is_there(storage: BackupStorage, name: str) -> bool:
    """Whether anything of a backup is in a storage: its file, or its manifest."""
    return storage.exists(name) or _manifest_of(storage, name) is not None


def discard(storage: BackupStorage, name: str) -> None:
    """Remove a backup that failed; that it could not be removed must not hide why it failed."""
    try:
        delete(storage, name)
    except BackupFailed as error:
        logger.warning("The failed backup %s could not be removed: %s", name, error.message)
