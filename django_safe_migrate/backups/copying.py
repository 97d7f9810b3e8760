"""A backend whose backups are copied into further storages, and can be restored from there."""

from __future__ import annotations

import contextlib
import copy as copying
import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections

from django_safe_migrate.backups import catalogue, copies, copy_listing, copy_records
from django_safe_migrate.backups.base import BackupBackend, Progress, RestoreResult
from django_safe_migrate.backups.copies import Found
from django_safe_migrate.backups.copy_words import listed, told, used, with_more
from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.backups.receipt import Copy, Receipt
from django_safe_migrate.backups.storage import open_copies, open_storage
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.backups.connector import Scratch

#: Reads a backup of this name with this backend, and raises ``BackupFailed`` when it is not whole.
Check = Callable[[DbBackupBackend, str], Receipt]


class CopyingBackend(BackupBackend):
    """
    Another backend, with ``BACKUP["COPIES"]``.

    Args:
        backend: makes the backups, in ``STORAGES["dbbackup"]``.
        aliases: the storages of copies, by their names in ``STORAGES``.
        required: whether a backup without all of its copies is none.
    """

    def __init__(self, backend: DbBackupBackend, aliases: Sequence[str], *, required: bool) -> None:
        self.backend = backend
        self.aliases = tuple(aliases)
        self.required = required
        #: By backup: where it was last found to be whole, as an alias of a storage of copies and the name there; None: where it belongs.
        self._whole: dict[str, tuple[str, str] | None] = {}

    # --- making -------------------------------------------------------------------------------------------------------------

    def check(self, database: Database) -> list[Finding]:
        found = self.backend.check(database)
        for alias in self.aliases:
            if problem := open_copies(alias).probe():
                found.append(
                    Finding(
                        rule="backup_copies_unusable",
                        severity=Severity.ERROR if self.required else Severity.WARNING,
                        message=f'STORAGES["{alias}"], for copies of backups, cannot be used. {problem}',
                        hint='Make it writable, take it out of SAFE_MIGRATE["BACKUP"]["COPIES"], or set COPIES_REQUIRED to False.',
                    )
                )
        return found

    def create(
        self, database: Database, *, run_id: str = "", progress: Progress | None = None
    ) -> Receipt:
        made = self.backend.create(database, run_id=run_id, progress=progress)
        receipt = self._copied(made, progress)
        failed = [copy for copy in receipt.copies if copy.error]
        if failed and self.required:
            raise BackupFailed(
                f"The backup {receipt.name} was made and verified, and is kept, but not every copy of it could be made. {told(failed)} "
                'SAFE_MIGRATE["BACKUP"]["COPIES_REQUIRED"] is True, so nothing goes on without them.',
                next_command=f"migrate_backup list --database {database.alias}",
            )
        return receipt

    def _copied(self, receipt: Receipt, progress: Progress | None) -> Receipt:
        made = copies.make(receipt, self.aliases, progress)
        copy_records.write(open_storage(), receipt.name, made)
        return dataclasses.replace(receipt, copies=made)

    # --- checking -----------------------------------------------------------------------------------------------------------

    def verify(self, name: str, alias: str) -> Receipt:
        found = self._found(alias)
        try:
            receipt = self.backend.verify(name, alias)
        except BackupFailed as error:
            raise self._damaged(error, name, alias, found) from error
        recorded = copy_records.read(open_storage(), name, open_storage().names())
        checked = tuple(
            self._checked(copy, alias) if copy.name else copy
            for copy in copies.present(receipt, found, recorded)
        )
        # One that was never made has no name: that was told when it failed.
        bad = [copy for copy in checked if copy.error and copy.name]
        if bad:
            raise BackupFailed(
                f"The backup {name} itself is whole and unchanged, but not every copy of it is. {told(bad)}"
            )
        return dataclasses.replace(receipt, copies=checked)

    def _checked(self, copy: Copy, alias: str) -> Copy:
        if copy.error:
            return copy
        try:
            receipt = self._twin(copy.storage).verify(copy.name, alias)
        except BackupFailed as error:
            return dataclasses.replace(copy, error=error.message)
        return copies.described(copy.storage, receipt)

    def _damaged(
        self, error: BackupFailed, name: str, alias: str, found: Sequence[Found]
    ) -> BackupFailed:
        """Return the error of a backup that is not whole, with what is known of its copies."""
        there = [(one.alias, copy) for one in found if (copy := one.copy_of(name)) is not None]
        checked = [self._checked(copies.described(where, copy), alias) for where, copy in there]
        whole = [copy.storage for copy in checked if not copy.error]
        if not whole:
            return with_more(error, told([copy for copy in checked if copy.error]))
        text = f"Its copy in {listed(whole)} is whole, and a restore takes that."
        return with_more(error, text, f"migrate_backup restore {name} --database {alias}")

    def prove(
        self,
        name: str,
        database: Database,
        *,
        no_owner: bool = False,
        progress: Progress | None = None,
    ) -> Receipt:
        options: dict[str, Any] = {"no_owner": no_owner, "progress": progress}
        try:
            return self.backend.prove(name, database, **options)
        except BackupFailed as error:
            where = self._instead(error, name, database.alias)
        proven = self._twin(where[0]).prove(where[1], database, **options)
        return dataclasses.replace(
            proven,
            name=name,
            copy_of="",
            lost=used(where, "proven"),
            proof=f'of the copy {where[1]} in STORAGES["{where[0]}"]: {proven.proof}',
        )

    @contextlib.contextmanager
    def beside(
        self,
        name: str,
        database: Database,
        *,
        no_owner: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Scratch]:
        options: dict[str, Any] = {"no_owner": no_owner, "progress": progress}
        with contextlib.ExitStack() as stack:
            try:
                scratch = stack.enter_context(self.backend.beside(name, database, **options))
            except BackupFailed as error:
                where = self._instead(error, name, database.alias)
                twin = self._twin(where[0])
                scratch = stack.enter_context(twin.beside(where[1], database, **options))
                notices = (*scratch.notices, used(where, "restored"))
                scratch = dataclasses.replace(scratch, notices=notices)
            yield scratch

    def _instead(self, error: BackupFailed, name: str, alias: str) -> tuple[str, str]:
        """Return where a whole copy is of a backup that cannot be read; raise the error again where reading was not what failed."""
        self._first_whole(
            name, alias, lambda backend, known: copies.read_in_full(backend.read_from(), known)
        )
        where = self._whole.pop(name)
        if where is None:
            raise error
        return where

    # --- restoring ----------------------------------------------------------------------------------------------------------

    def plain_restore(self, name: str, alias: str) -> str:
        return self.backend.plain_restore(name, alias)

    def restorable(self, name: str, alias: str) -> Receipt:
        return self._first_whole(name, alias, lambda backend, known: backend.verify(known, alias))

    def restore(
        self, name: str, database: Database, *, progress: Progress | None = None, **options: Any
    ) -> RestoreResult:
        if name not in self._whole:
            self._first_whole(
                name,
                database.alias,
                lambda backend, known: copies.read_in_full(backend.read_from(), known),
            )
        where = self._whole.pop(name)
        if where is None:
            result = self.backend.restore(name, database, progress=progress, **options)
        else:
            result = self._from_copy(name, database, where, progress=progress, **options)
        return self._with_kept(result, progress)

    def _from_copy(
        self, name: str, database: Database, where: tuple[str, str], **options: Any
    ) -> RestoreResult:
        result = self._twin(where[0]).restore(where[1], database, **options)
        notice = used(where, "restored")
        receipt = dataclasses.replace(result.receipt, name=name, copy_of="", lost=notice)
        return dataclasses.replace(result, receipt=receipt, notices=(*result.notices, notice))

    def _first_whole(self, name: str, alias: str, check: Check) -> Receipt:
        """Return the receipt of a backup that a check finds whole, or that of its first copy which is; remember which one it was."""
        try:
            receipt = check(self.backend, name)
        except BackupFailed as error:
            return self._whole_copy(error, name, alias, check)
        self._whole[name] = None
        return receipt

    def _whole_copy(self, error: BackupFailed, name: str, alias: str, check: Check) -> Receipt:
        problems = []
        for one in self._found(alias):
            copy = one.copy_of(name)
            if copy is None:
                if one.error:
                    problems.append(Copy(storage=one.alias, error=one.error))
                continue
            try:
                receipt = check(self._twin(one.alias), copy.name)
            except BackupFailed as second:
                problems.append(Copy(storage=one.alias, error=second.message))
                continue
            self._whole[name] = (one.alias, copy.name)
            return dataclasses.replace(receipt, name=name, copy_of="", lost=error.message)
        raise with_more(error, told(problems)) from error

    def _with_kept(self, result: RestoreResult, progress: Progress | None) -> RestoreResult:
        """Copy the backup that a restore in place has made of the state before; the restore is done, whatever becomes of that."""
        if not result.in_place or not result.kept:
            return result
        kept = catalogue.read(open_storage(), result.kept)
        failed = [copy for copy in self._copied(kept, progress).copies if copy.error]
        if not failed:
            return result
        notice = (
            f"The backup {result.kept} of the state before has no copy everywhere. {told(failed)}"
        )
        return dataclasses.replace(result, notices=(*result.notices, notice))

    def old_copies(self, database: Database) -> tuple[str, ...]:
        return self.backend.old_copies(database)

    def drop_old(self, database: Database, name: str) -> None:
        self.backend.drop_old(database, name)

    def repair(self, database: Database) -> tuple[str, ...]:
        return self.backend.repair(database)

    def list(self, alias: str) -> tuple[Receipt, ...]:
        return copy_listing.merged(self.backend, alias, self._found(alias))

    def latest(self, database: Database) -> Receipt | None:
        source = self._source(database.alias)
        mine = (one for one in self.list(database.alias) if one.source == source)
        return next((one for one in mine if one.is_verified), None)

    def prune(self, alias: str, keep: int) -> tuple[str, ...]:
        found = self._found(alias)
        for one in found:
            if one.error:
                raise BackupFailed(
                    f'Nothing was pruned, since STORAGES["{one.alias}"], which has copies, cannot be looked at. {one.error}'
                )
        pruned = catalogue.surplus(
            copy_listing.merged(self.backend, alias, found), self._source(alias), keep
        )
        for name in pruned:
            self.delete(name)
        return pruned

    def delete(self, name: str) -> None:
        """Delete a backup and its copies; these first, so that what is left after a crash is still listed."""
        removed = [copies.remove(alias, name) for alias in self.aliases]
        if any(removed) and not catalogue.is_there(open_storage(), name):
            copy_records.delete(open_storage(), name)
            return
        self.backend.delete(name)

    def _found(self, alias: str) -> tuple[Found, ...]:
        return tuple(copies.find(one, alias) for one in self.aliases)

    def _twin(self, alias: str) -> DbBackupBackend:
        """Return the backend, reading from a storage of copies; what it makes goes where backups belong."""
        twin = copying.copy(self.backend)
        twin.read_from = functools.partial(open_copies, alias)
        return twin

    def _source(self, alias: str) -> str:
        return self.backend._connector(get_database(connections[alias])).source
