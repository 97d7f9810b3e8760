"""The default backend: our connectors over the storage, the names and the metadata files of django-dbbackup."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connections

from django_safe_migrate import conf, values
from django_safe_migrate.backups import catalogue, encryption, making, proving, readiness, refusals
from django_safe_migrate.backups.base import BackupBackend, BeforeSwap, Progress, RestoreResult
from django_safe_migrate.backups.connector import (
    Restored,
    RestoreRequest,
    SafeConnector,
    Scratch,
    report,
)
from django_safe_migrate.backups.connectors import connector_for
from django_safe_migrate.backups.options import ConnectorOptions
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.storage import BackupStorage, open_storage
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding

READ_BACK = "read back from storage, size and SHA-256 equal"


class DbBackupBackend(BackupBackend):
    """
    Backups in ``STORAGES["dbbackup"]``, seen and restored by django-dbbackup's own commands too.

    Args:
        bin_dir: the folder of the client programs (``pg_dump``, ``mariadb-dump`` ...); None takes those on PATH.
        lock_wait: how long a dump or a swap waits for a lock.
        stall: how long a client program may stay silent before it is given up.
        encrypt: encrypt backups with GnuPG for ``DBBACKUP_GPG_RECIPIENT``.
        passphrase: that of the secret key that opens encrypted backups; None: it has none, or GnuPG's agent knows it.
    """

    def __init__(
        self,
        *,
        bin_dir: str | None = None,
        lock_wait: float | str = 60.0,
        stall: float | str = 600.0,
        encrypt: bool = False,
        passphrase: str | None = None,
    ) -> None:
        self.bin_dir = None if bin_dir is None else str(bin_dir)
        self.lock_wait = values.duration(lock_wait)
        self.stall = values.duration(stall)
        self.encrypt = values.truth(encrypt)
        self.passphrase = None if passphrase is None else values.text(passphrase)
        #: What is verified, proven and restored is read from there.
        self.read_from: Callable[[], BackupStorage] = open_storage

    # --- making -------------------------------------------------------------------------------------------------------------

    def check(self, database: Database) -> list[Finding]:
        connector = self._connector(database)
        found = [*connector.readiness(), *readiness.check_storage(open_storage(), connector)]
        return [*found, *encryption.check(connector)] if self.encrypt else found

    def create(
        self, database: Database, *, run_id: str = "", progress: Progress | None = None
    ) -> Receipt:
        connector, storage = self._connector(database), open_storage()
        started = time.perf_counter()
        with refusals.failures(
            connector, f"There is no verified backup of database {database.alias!r}."
        ):
            receipt = making.stored(connector, storage, run_id, progress)
            complete = False
            try:
                verification = self._read_back(connector, storage, receipt, progress=progress)
                receipt = dataclasses.replace(
                    receipt,
                    verified_at=making.now(),
                    verification=verification,
                    seconds=round(time.perf_counter() - started, 3),
                )
                catalogue.write(storage, receipt)
                complete = True
            finally:
                if not complete:
                    catalogue.discard(storage, receipt.name)
        return receipt

    # --- checking -----------------------------------------------------------------------------------------------------------

    def verify(self, name: str, alias: str) -> Receipt:
        storage = self.read_from()
        receipt = catalogue.read(storage, name)
        if receipt.database != alias:
            raise BackupFailed(
                f"The backup {name} is one of database {receipt.database!r}, not of {alias!r}.",
                next_command=f"migrate_backup verify {name} --database {receipt.database}",
            )
        connector = self._connector(get_database(connections[alias]))
        refusals.check_vendor(receipt, connector)
        with refusals.failures(connector, receipt=receipt):
            verification = self._read_back(connector, storage, receipt, thorough=True)
        return dataclasses.replace(receipt, verified_at=making.now(), verification=verification)

    def _read_back(
        self,
        connector: SafeConnector,
        storage: BackupStorage,
        receipt: Receipt,
        *,
        thorough: bool = False,
        progress: Progress | None = None,
    ) -> str:
        with storage.fetched(
            receipt.name, lambda done: report(progress, "reading back", done, receipt.size)
        ) as (path, found):
            refusals.compare(receipt, found)
            if receipt.encrypted_for and not thorough:
                return f"{READ_BACK}; it was read in full before it was encrypted"
            with encryption.opened(connector, storage, receipt, path) as plain:
                return f"{READ_BACK}; {connector.check_file(plain, receipt, thorough=thorough)}"

    # --- proving ------------------------------------------------------------------------------------------------------------

    def prove(
        self,
        name: str,
        database: Database,
        *,
        no_owner: bool = False,
        progress: Progress | None = None,
    ) -> Receipt:
        storage, connector = self.read_from(), self._connector(database)
        receipt = catalogue.read(storage, name)
        refusals.check_vendor(receipt, connector)
        return proving.prove(connector, storage, receipt, no_owner=no_owner, progress=progress)

    @contextlib.contextmanager
    def beside(
        self,
        name: str,
        database: Database,
        *,
        no_owner: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Scratch]:
        storage, connector = self.read_from(), self._connector(database)
        receipt = catalogue.read(storage, name)
        refusals.check_vendor(receipt, connector)
        with proving.beside(
            connector, storage, receipt, no_owner=no_owner, progress=progress
        ) as scratch:
            yield scratch

    # --- restoring ----------------------------------------------------------------------------------------------------------

    def restore(
        self,
        name: str,
        database: Database,
        *,
        keep_old: bool = True,
        in_place: bool = False,
        no_owner: bool = False,
        before_swap: BeforeSwap | None = None,
        progress: Progress | None = None,
    ) -> RestoreResult:
        started, storage = time.perf_counter(), self.read_from()
        connector = self._connector(database)
        receipt = catalogue.read(storage, name)
        refusals.check_vendor(receipt, connector)
        request = RestoreRequest(
            path=Path(),
            receipt=receipt,
            keep_old=keep_old,
            in_place=in_place,
            no_owner=no_owner,
            before_swap=before_swap,
            progress=progress,
        )
        with refusals.failures(connector, f"The backup {name} was not restored.", receipt):
            refusals.refuse_open_transaction(database)
            done = connector.repair()
            kept, restored = self._restored(connector, storage, request)
        return RestoreResult(
            receipt=receipt,
            database=database.alias,
            kept=kept or restored.kept,
            in_place=in_place,
            seconds=round(time.perf_counter() - started, 3),
            notices=(*done, *restored.notices),
        )

    def _restored(
        self, connector: SafeConnector, storage: BackupStorage, request: RestoreRequest
    ) -> tuple[str, Restored]:
        """Check a backup from end to end, then restore exactly what was checked."""
        receipt, progress = request.receipt, request.progress
        assert receipt is not None  # noqa: S101 - given by restore()
        with storage.fetched(
            receipt.name, lambda count: report(progress, "reading", count, receipt.size)
        ) as (path, found):
            refusals.compare(receipt, found)
            with encryption.opened(connector, storage, receipt, path) as plain:
                connector.check_file(plain, receipt, thorough=True)
                kept = ""
                if request.in_place:
                    kept = self.create(connector.database, progress=progress).name
                return kept, connector.restore(dataclasses.replace(request, path=plain))

    def old_copies(self, database: Database) -> tuple[str, ...]:
        return self._connector(database).old_copies()

    def drop_old(self, database: Database, name: str) -> None:
        connector = self._connector(database)
        known = connector.old_copies()
        if name not in known:
            raise BackupFailed(
                f"{name!r} is not a state that a restore of database {database.alias!r} has kept; "
                f"there {'are ' + ', '.join(known) if known else 'is none'}."
            )
        connector.drop_old(name)

    def repair(self, database: Database) -> tuple[str, ...]:
        return self._connector(database).repair()

    # --- keeping ------------------------------------------------------------------------------------------------------------

    def list(self, alias: str) -> tuple[Receipt, ...]:
        return catalogue.receipts(open_storage(), alias)

    def latest(self, database: Database) -> Receipt | None:
        # Another project's backups may lie in the same storage under the same alias.
        source = self._connector(database).source
        mine = (one for one in self.list(database.alias) if one.source == source)
        return next((one for one in mine if one.is_verified), None)

    def plain_restore(self, name: str, alias: str) -> str:
        return catalogue.plain_restore(name, alias)

    def prune(self, alias: str, keep: int) -> tuple[str, ...]:
        connector = self._connector(get_database(connections[alias]))
        return catalogue.prune(open_storage(), alias, connector.source, keep)

    def delete(self, name: str) -> None:
        catalogue.delete(open_storage(), name)

    def _connector(self, database: Database) -> SafeConnector:
        settings = conf.load()
        options = ConnectorOptions(
            bin_dir=self.bin_dir,
            lock_wait=self.lock_wait,
            stall=self.stall,
            encrypt=self.encrypt,
            passphrase=self.passphrase,
            exact_below=settings.exact_count_below,
            checksum_below=settings.backup.checksum_below,
        )
        return connector_for(database, options)
