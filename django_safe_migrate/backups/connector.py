"""What each vendor's connector adds to django-dbbackup's: dumps that can be trusted, and restores that destroy nothing."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dbbackup.db.base import BaseDBConnector
from django.db import connections

from django_safe_migrate.backups import contents
from django_safe_migrate.backups.base import BeforeSwap, Progress
from django_safe_migrate.backups.contents import Details
from django_safe_migrate.backups.options import ConnectorOptions
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.streams import Fingerprint, pieces
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Keys of DBBACKUP_CONNECTORS that a complete backup can honour: where and as whom to connect.
CONNECTION_OVERRIDES = ("HOST", "PORT", "USER", "PASSWORD")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What was dumped into a file: the bytes as written, and what the database held at that very moment."""

    fingerprint: Fingerprint
    client: str
    contents: contents.Contents
    counts_match: bool
    log_position: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    details: Details = dataclasses.field(default_factory=Details)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """What is asked of a connector's restore; ``receipt`` is None when only the file is known."""

    path: Path
    receipt: Receipt | None = None
    keep_old: bool = True
    in_place: bool = False
    no_owner: bool = False
    before_swap: BeforeSwap | None = None
    progress: Progress | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """What is asked of a connector's sample: rows of each table to begin with, and a private folder for what is needed meanwhile."""

    rows: int
    folder: Path
    no_owner: bool = False
    progress: Progress | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Scratch:
    """A dump restored beside the real database: a connection that Django knows under an alias of its own, and the database's name."""

    connection: BaseDatabaseWrapper
    name: str
    notices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Restored:
    """What a connector's restore did; ``kept`` names the old state."""

    kept: str = ""
    notices: tuple[str, ...] = ()


class SafeConnector(BaseDBConnector, abc.ABC):  # type: ignore[misc]
    """
    A connector that django-dbbackup's commands can use, and our backend asks for more.

    Settings of django-dbbackup that leave parts of the database out (``EXCLUDE``, ``SCHEMAS``) are not honoured: a restore puts the
    backup in the whole database's place.
    """

    vendor: ClassVar[str]
    #: What a backup is restored into, beside the real one.
    scratch_word: ClassVar[str] = "database"
    #: Added to the name after the extension, as django-dbbackup does for compressed files.
    compression_suffix: ClassVar[str] = ""
    #: Whether a dump takes as many bytes as the database, for certain.
    dump_is_as_large: ClassVar[bool] = False

    def __init__(self, database_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(database_name, **kwargs)
        self.options = ConnectorOptions()
        self.database: Database = get_database(self.connection)

    # --- what a vendor does -------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def readiness(self) -> list[Finding]:
        """Return what stands in the way of dumping, storage aside."""

    @abc.abstractmethod
    def dump(self, path: Path, progress: Progress | None = None) -> Dump:
        """Write a complete dump into a new private file."""

    @abc.abstractmethod
    def check_file(self, path: Path, receipt: Receipt | None, *, thorough: bool) -> str:
        """Check that a file is a dump from end to end; return how that was done, raise ``BackupFailed`` when it is not."""

    @abc.abstractmethod
    def restore(self, request: RestoreRequest) -> Restored:
        """Put the state of a dump in the database's place."""

    @abc.abstractmethod
    def scratch(self, request: RestoreRequest) -> contextlib.AbstractContextManager[Scratch]:
        """
        Restore a dump into a scratch database, which is dropped when the block ends; the real one is only read.

        Raises ``BackupFailed`` when it cannot be restored, or is not what its receipt says.
        """

    @abc.abstractmethod
    def sample(self, request: SampleRequest) -> contextlib.AbstractContextManager[Scratch]:
        """
        Make a scratch database of the schema and some rows, with every row that these refer to; it is dropped when the block ends.

        Raises ``RehearsalFailed`` when it cannot be made, and ``BackupFailed`` when a client program fails.
        """

    @abc.abstractmethod
    def details(self, scratch: Scratch, receipt: Receipt) -> Details:
        """Return checksums and sequences of what was restored into a scratch database, of those tables that the receipt has them of."""

    def incomparable(self, receipt: Receipt) -> str:
        """Return why checksums that were taken here would differ from those of a receipt for equal rows, or an empty text."""
        return ""

    @abc.abstractmethod
    def old_copies(self) -> tuple[str, ...]:
        """Return the states that restores have kept, oldest first."""

    @abc.abstractmethod
    def drop_old(self, name: str) -> None:
        """Delete one of ``old_copies``; the name was checked."""

    @abc.abstractmethod
    def abandoned(self) -> tuple[str, ...]:
        """Return the scratch databases, or files, of processes that are gone."""

    @abc.abstractmethod
    def drop_abandoned(self, name: str) -> bool:
        """Drop one of ``abandoned``; return whether that could be done."""

    def repair(self) -> tuple[str, ...]:
        """Finish or undo a restore that was killed, and drop scratch databases that were left; return what was done."""
        return tuple(
            f"The {self.scratch_word} {name}, which a killed process had left, was dropped."
            for name in self.abandoned()
            if self.drop_abandoned(name)
        )

    def dump_bytes(self) -> int | None:
        """Return the bytes that a dump can take, at most, or None when that is not known."""
        return self.database.database_bytes()

    @property
    def source(self) -> str:
        """Where the database is, without a password."""
        settings = self.connection.settings_dict
        place = f"{settings['HOST'] or 'localhost'}{':' + str(settings['PORT']) if settings['PORT'] else ''}"
        return f"{self.vendor}://{place}/{settings['NAME']}"

    # --- what django-dbbackup calls -----------------------------------------------------------------------------------------

    def _create_dump(self) -> Any:
        with _temporary_path() as path:
            self.dump(path)
            # Unlinked when the block ends; the open file lives on until django-dbbackup closes it.
            return path.open("rb")

    def _restore_dump(self, dump: Any) -> Restored:
        with _temporary_path() as path:
            with path.open("wb") as copy:
                for piece in pieces(dump):
                    copy.write(piece)
            self.check_file(path, None, thorough=True)
            return self.restore(RestoreRequest(path=path))

    create_dump = _create_dump
    restore_dump = _restore_dump

    # --- what connectors share ----------------------------------------------------------------------------------------------

    def connect(self, alias: str | None = None, **settings: Any) -> BaseDatabaseWrapper:
        """Return another connection to the server, not opened yet, and never one of a pool: a pool belongs to one database."""
        overrides = {
            key: self.settings[key] for key in CONNECTION_OVERRIDES if key in self.settings
        }
        options = {
            key: value
            for key, value in self.connection.settings_dict["OPTIONS"].items()
            if key != "pool"
        }
        changed = {**overrides, "OPTIONS": options, "CONN_MAX_AGE": 0, **settings}
        return self.database.new_connection(alias, **changed)

    @contextlib.contextmanager
    def connected(self, alias: str | None = None, **settings: Any) -> Iterator[BaseDatabaseWrapper]:
        """Open another connection to the server for the block."""
        connection = self.connect(alias, **settings)
        try:
            connection.ensure_connection()
            self.lift_limits(connection)
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def registered(self, **settings: Any) -> Iterator[BaseDatabaseWrapper]:
        """Open another connection that Django knows under an alias of its own while the block runs, so that the ORM can use it."""
        alias = f"{self.database.alias}_restored"
        with self.connected(alias, **settings) as connection:
            connections[alias] = connection
            try:
                yield connection
            finally:
                del connections[alias]

    def lift_limits(self, connection: BaseDatabaseWrapper) -> None:
        """
        Lift time limits that the project sets for its statements, and bound waits for locks.

        Copying and counting take as long as they take; waiting for somebody else does not.
        """

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        settings = {**self.connection.settings_dict, **self.settings}
        options = settings.get("OPTIONS") or {}
        found = [
            settings.get("PASSWORD"),
            *(options.get(key) for key in ("password", "passwd", "sslpassword")),
            self.options.passphrase,
        ]
        return tuple(str(secret) for secret in found if secret)

    def restore_command(self, request: RestoreRequest, option: str) -> str:
        """Return the command that tries the same restore in another way."""
        name = request.receipt.name if request.receipt is not None else "NAME"
        return f"migrate_backup restore {name} --database {self.database.alias} {option}"

    def compare(self, receipt: Receipt | None, found: contents.Contents) -> tuple[str, ...]:
        """Raise when a restored database is not what its receipt says; return what deserves a notice."""
        if receipt is None:
            return ()
        faults, notices = contents.differences(receipt, found)
        if faults:
            raise BackupFailed(
                f"The database restored from {receipt.name} is not what was backed up: {' '.join(faults)}"
            )
        return tuple(notices)


def report(progress: Progress | None, what: str, done: int, total: int | None = None) -> None:
    """Tell how far we are, if anyone listens."""
    if progress is not None:
        progress(what, done, total)


def clean_environment(*removed: str) -> dict[str, str]:
    """Return our environment without variables that would change what a client program does."""
    return {name: value for name, value in os.environ.items() if name not in removed}


@contextlib.contextmanager
def _temporary_path() -> Iterator[Path]:
    from dbbackup import settings as dbbackup_settings

    folder = Path(tempfile.mkdtemp(prefix="safe-migrate-", dir=dbbackup_settings.TMP_DIR))
    try:
        yield folder / "dump"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
