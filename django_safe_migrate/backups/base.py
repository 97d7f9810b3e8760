"""What every backup backend does, so that runs and commands need not know where backups come from and go to."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.backups.connector import Scratch
    from django_safe_migrate.backups.receipt import Receipt
    from django_safe_migrate.databases import Database
    from django_safe_migrate.findings import Finding

#: Called now and then with what is being done, the bytes done and the bytes in all (None: not known).
Progress = Callable[[str, int, int | None], None]

#: Called with a connection to the restored database before it takes the real one's place.
BeforeSwap = Callable[["BaseDatabaseWrapper"], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreResult:
    """
    What a restore did.

    ``kept`` says where the state from before the restore is: the name of a database, a file, or of a backup when the restore was
    done in place; it is empty when nothing was kept.
    """

    receipt: Receipt
    database: str
    kept: str = ""
    in_place: bool = False
    seconds: float = 0.0
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**data, "receipt": self.receipt.told(), "notices": list(self.notices)}


class BackupBackend(abc.ABC):
    """
    Makes, verifies, lists and restores backups.

    A subclass is named by dotted path in ``SAFE_MIGRATE["BACKUP"]["BACKEND"]`` and is called with ``SAFE_MIGRATE["BACKUP"]["OPTIONS"]``
    as keyword arguments. What cannot be done raises ``django_safe_migrate.exceptions.BackupFailed``; a backup that was not read back
    from where it is kept must never be returned as a receipt with ``verified_at``.

    Example:
        class VolumeSnapshots(BackupBackend):
            def __init__(self, *, volume: str) -> None:
                self.volume = volume

            def create(self, database, *, run_id="", progress=None):
                ...
    """

    @abc.abstractmethod
    def check(self, database: Database) -> list[Finding]:
        """
        Return what stands in the way of a backup now; make none.

        Args:
            database: the database that would be backed up.

        Returns:
            Findings; severity ERROR only for what makes a backup impossible.
        """

    @abc.abstractmethod
    def create(
        self, database: Database, *, run_id: str = "", progress: Progress | None = None
    ) -> Receipt:
        """
        Make a backup, read it back and return its receipt.

        Args:
            database: what to back up; outside of a transaction.
            run_id: the run that this backup is for.
            progress: told what is being done.

        Raises:
            BackupFailed: there is no verified backup; nothing of a failed one is left behind.
        """

    @abc.abstractmethod
    def verify(self, name: str, alias: str) -> Receipt:
        """
        Read an existing backup in full and compare it with its manifest.

        Returns:
            The receipt, with the moment of this verification.

        Raises:
            BackupFailed: the backup is missing, cut short or changed, or its manifest is; the message says which.
        """

    def restorable(self, name: str, alias: str) -> Receipt:
        """Return the receipt of what ``restore`` would restore, verified: the backup or, where there are some, a copy of it."""
        return self.verify(name, alias)

    def prove(
        self,
        name: str,
        database: Database,
        *,
        no_owner: bool = False,
        progress: Progress | None = None,
    ) -> Receipt:
        """
        Restore a backup into a scratch database, compare what that holds with the manifest, drop it, and remember the proof.

        Args:
            name: the backup.
            database: whose server takes the scratch database; its content is not touched.
            no_owner: leave owners and privileges of the backup out.
            progress: told what is being done.

        Returns:
            The receipt, with the moment and the words of the proof.

        Raises:
            BackupFailed: the backup cannot be restored, or is not what its manifest says.
        """
        raise BackupFailed(f"{type(self).__name__} cannot prove a backup by restoring it.")

    def beside(
        self,
        name: str,
        database: Database,
        *,
        no_owner: bool = False,
        progress: Progress | None = None,
    ) -> contextlib.AbstractContextManager[Scratch]:
        """
        Restore a backup into a scratch database for a block, which may change it, and drop that afterwards.

        Args:
            name: the backup.
            database: whose server takes the scratch database; its content is not touched.
            no_owner: leave owners and privileges of the backup out.
            progress: told what is being done.

        Raises:
            BackupFailed: the backup cannot be restored, or is not what its manifest says.
        """
        raise BackupFailed(
            f"{type(self).__name__} cannot restore a backup beside the database, so nothing can be rehearsed."
        )

    @abc.abstractmethod
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
        """
        Put the state of a backup in the database's place.

        Args:
            name: the backup.
            database: what to replace; its connection is closed, and every other session on it is ended.
            keep_old: keep the present state under another name, until ``drop_old``.
            in_place: replace the content without a second database, where the role may not create one.
            no_owner: leave owners and privileges of the backup out; everything will belong to the role that restores.
            before_swap: called with a connection to the restored database before it takes the real one's place.
            progress: told what is being done.

        Raises:
            BackupFailed: ``changed`` says whether the database is still the old one.
        """

    def by_hand(
        self, name: str, database: Database, position: Mapping[str, Any] | None = None
    ) -> tuple[str, ...]:
        """
        Return the commands for what ``restore`` cannot do; none where it can.

        Args:
            name: the backup.
            database: what it is restored over.
            position: a point in time, as a run recorded it, to bring the backup forward to.

        Raises:
            BackupFailed: this backup cannot be brought forward to that point.
        """
        if position is None:
            return ()
        receipt = self.restorable(name, database.alias)
        replay = database.replay(receipt.log_position, position)
        restore = self.plain_restore(name, database.alias)
        if not replay or not restore:
            raise BackupFailed(
                f"The backup {name} cannot be brought forward to a point in time: {database.no_replay}."
            )
        return (
            "# Restore the backup as it is: the log to be replayed has the history of runs as well.",
            restore,
            *replay,
        )

    def plain_restore(self, name: str, alias: str) -> str:
        """Return the command that restores a backup and carries nothing over, empty when there is none; the log is replayed after it."""
        return ""

    @abc.abstractmethod
    def list(self, alias: str) -> tuple[Receipt, ...]:
        """Return the backups of a database, newest first; those that are broken are listed, with ``broken`` set."""

    def latest(self, database: Database) -> Receipt | None:
        """Return the newest verified backup of a database, or None."""
        return next((one for one in self.list(database.alias) if one.is_verified), None)

    @abc.abstractmethod
    def prune(self, alias: str, keep: int) -> tuple[str, ...]:
        """Delete the oldest verified backups beyond ``keep``, never the newest verified one; return the names deleted."""

    @abc.abstractmethod
    def delete(self, name: str) -> None:
        """Delete a backup and its manifest."""

    def old_copies(self, database: Database) -> tuple[str, ...]:
        """Return the names of the states that restores have kept, oldest first."""
        return ()

    def drop_old(self, database: Database, name: str) -> None:
        """Delete a state that a restore has kept; only names that ``old_copies`` returns are accepted."""
        raise NotImplementedError(f"{type(self).__name__} keeps no old copies.")

    def repair(self, database: Database) -> tuple[str, ...]:
        """Finish or undo what a restore that was killed left half done; return one sentence for each thing done."""
        return ()
