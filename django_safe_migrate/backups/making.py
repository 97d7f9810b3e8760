"""From a database to a file in the storage, and what is known of it then."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING

from django_safe_migrate.backups import catalogue, encryption, refusals
from django_safe_migrate.backups.connector import Dump, SafeConnector, report
from django_safe_migrate.backups.receipt import Receipt

if TYPE_CHECKING:
    from django_safe_migrate.backups.base import Progress
    from django_safe_migrate.backups.storage import BackupStorage
    from django_safe_migrate.backups.streams import Fingerprint


def stored(
    connector: SafeConnector, storage: BackupStorage, run_id: str, progress: Progress | None
) -> Receipt:
    """Dump into the spool, encrypt that where it is asked for, and move what is complete into the storage."""
    refusals.refuse_open_transaction(connector.database)
    ending = encryption.SUFFIX if connector.options.encrypt else ""
    created_at, wanted = now(), catalogue.free_name(storage, connector, ending=ending)
    with storage.spool() as path, storage.spool() as sealed:
        with refusals.naming_full_disk(connector, path):
            dump = connector.dump(path, progress)
        receipt = _receipt(connector, storage, dump)
        if connector.options.encrypt:
            # The secret key need not be on this machine, and without it nobody can look any more.
            connector.check_file(path, receipt, thorough=True)
            report(progress, "encrypting", 0, dump.fingerprint.size)
            with refusals.naming_full_disk(connector, sealed):
                receipt = _encrypted(receipt, encryption.encrypt(connector, path, sealed))
            path.unlink()
            path = sealed
        report(progress, "storing", 0, receipt.size)
        name = storage.save(catalogue.free_name(storage, connector, wanted, ending), path)
    return dataclasses.replace(receipt, name=name, run_id=run_id, created_at=created_at)


def _encrypted(receipt: Receipt, found: Fingerprint) -> Receipt:
    """Return the receipt of an encrypted backup: what is not encrypted, the manifest, must give no means to test guesses about rows."""
    return dataclasses.replace(
        receipt,
        size=found.size,
        sha256=found.sha256,
        encrypted_for=encryption.recipient(),
        content_sha256=receipt.sha256,
        row_checksums={},
    )


def _receipt(
    connector: SafeConnector,
    storage: BackupStorage,
    dump: Dump,
) -> Receipt:
    return Receipt(
        name="",
        database=connector.database.alias,
        source=connector.source,
        vendor=connector.vendor,
        engine=connector.connection.settings_dict["ENGINE"],
        connector=f"{type(connector).__module__}.{type(connector).__name__}",
        size=dump.fingerprint.size,
        sha256=dump.fingerprint.sha256,
        server=connector.database.server,
        client=dump.client,
        applied_migrations=dump.contents.applied_migrations,
        row_counts=dict(dump.contents.row_counts),
        counts_match_dump=dump.counts_match,
        objects=dict(dump.contents.objects),
        row_checksums=dict(dump.details.row_checksums),
        sequences=dict(dump.details.sequences),
        storage=str(storage),
        log_position=dict(dump.log_position),
    )


def now() -> str:
    """Return the present moment, as manifests have it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
