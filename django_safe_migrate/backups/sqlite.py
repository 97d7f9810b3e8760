"""Backups of SQLite by its online backup API: correct under WAL, in one snapshot, in bounded memory."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from django_safe_migrate.backups import (
    contents,
    names,
    sqlite_contents,
    sqlite_sample,
    sqlite_scratch,
)
from django_safe_migrate.backups.base import Progress
from django_safe_migrate.backups.connector import (
    Dump,
    Restored,
    RestoreRequest,
    SafeConnector,
    SampleRequest,
    Scratch,
    report,
)
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.streams import fingerprint, sync_file
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding

MAGIC = b"SQLite format 3\x00"
#: Pages copied between two looks at the clock.
STEP = 2048
#: Milliseconds between two tries while another process holds a lock.
PATIENCE = 50


class SQLiteConnector(SafeConnector):
    """``sqlite3.Connection.backup`` to and from a file of its own."""

    vendor = "sqlite"
    extension = "sqlite3"
    scratch_word = "file"
    dump_is_as_large = True

    @property
    def file(self) -> Path | None:
        """The database's file, or None for one in memory."""
        if self.connection.is_in_memory_db():
            return None
        with self._raw() as raw:
            return Path(raw.execute("PRAGMA database_list").fetchone()[2])

    @property
    def source(self) -> str:
        return f"sqlite:///{self.connection.settings_dict['NAME']}"

    def readiness(self) -> list[Finding]:
        return []

    # --- dumping ------------------------------------------------------------------------------------------------------------

    def dump(self, path: Path, progress: Progress | None = None) -> Dump:
        with self._raw() as raw:
            self._copy(raw, path, lambda done, total: report(progress, "dumping", done, total))
        _check_integrity(path, "The copy")
        with sqlite_contents.opened(path) as copy:
            held = sqlite_contents.read(copy)
            tables = sqlite_contents.comparable(copy, held, self.options.checksum_below)
            details = sqlite_contents.details(copy, tables)
        with path.open("rb") as file:
            found = fingerprint(file)
        sync_file(path)
        return Dump(
            fingerprint=found,
            client=f"SQLite {sqlite3.sqlite_version}",
            contents=held,
            counts_match=True,
            details=details,
        )

    def check_file(self, path: Path, receipt: Receipt | None, *, thorough: bool) -> str:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise BackupFailed(f"{path.name} is not a database of SQLite.")
        _check_integrity(path, "The backup")
        return "PRAGMA integrity_check passed"

    def _copy(
        self, source: sqlite3.Connection, path: Path, seen: Callable[[int, int], None]
    ) -> None:
        """Copy a database page by page into a new private file that needs no companions."""
        path.touch(mode=0o600, exist_ok=False)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
            # Nobody reads this file before it is complete, and it is synced then.
            target.execute("PRAGMA synchronous = OFF")
            with _one_view(source):
                self._transfer(source, target, seen)
            target.execute("PRAGMA journal_mode = DELETE")

    def _transfer(
        self,
        source: sqlite3.Connection,
        target: sqlite3.Connection,
        seen: Callable[[int, int], None],
    ) -> None:
        """Run the backup API, and give up when a lock of somebody else keeps it from moving for too long."""
        page_size = source.execute("PRAGMA page_size").fetchone()[0]
        last: list[float] = [-1.0, time.monotonic()]

        def watch(status: int, remaining: int, total: int) -> None:
            if remaining != last[0]:
                last[:] = [remaining, time.monotonic()]
                seen((total - remaining) * page_size, total * page_size)
            elif time.monotonic() - last[1] > self.options.lock_wait:
                raise BackupFailed(
                    f"Database {self.database.alias!r} was locked by another process for more than {self.options.lock_wait:.0f} s."
                )

        source.backup(target, pages=STEP, progress=watch, sleep=PATIENCE / 1000)

    @contextlib.contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        """
        Yield a connection of sqlite3 that is in no transaction.

        For a file it is a new one: the caller's may have uncommitted changes, on which the backup API would wait for ever.
        """
        if self.connection.is_in_memory_db():
            self.connection.ensure_connection()
            raw: sqlite3.Connection = self.connection.connection
            if raw.in_transaction:
                raise BackupFailed(
                    f"Database {self.database.alias!r} is inside an open transaction of this process; "
                    "backups are made and restored outside of one."
                )
            yield raw
            return
        with self.connected() as connection:
            yield connection.connection

    # --- restoring ----------------------------------------------------------------------------------------------------------

    def restore(self, request: RestoreRequest) -> Restored:
        """
        Copy the present state aside, then write the backup's pages over it in one transaction of SQLite.

        A process that dies in between leaves a journal, or frames without a commit, and SQLite itself then shows the old state.
        """
        file, kept = self.file, ""
        with sqlite_scratch.staged(self, request) as staged:
            notices = self.prepare(request, staged)
            if file is not None and request.keep_old:
                kept = self._keep(file, request)
            self._write_over(staged, request)
        if file is None and request.keep_old:
            notices += (
                "A database in memory cannot be kept: its state from before the restore is gone.",
            )
        return Restored(kept=kept, notices=notices)

    def scratch(self, request: RestoreRequest) -> AbstractContextManager[Scratch]:
        return sqlite_scratch.scratch(self, request)

    def sample(self, request: SampleRequest) -> AbstractContextManager[Scratch]:
        return sqlite_sample.sample(self, request)

    def details(self, scratch: Scratch, receipt: Receipt) -> contents.Details:
        with sqlite_contents.opened(Path(scratch.name)) as connection:
            return sqlite_contents.details(connection, receipt.row_checksums)

    def prepare(self, request: RestoreRequest, staged: Path) -> tuple[str, ...]:
        """Compare a copied dump with its receipt; return what deserves a notice."""
        report(request.progress, "checking", 0)
        with self.registered(NAME=str(staged), OPTIONS={}) as connection:
            notices = self.compare(request.receipt, sqlite_contents.read(connection.connection))
            if request.before_swap is not None:
                request.before_swap(connection)
        _check_integrity(staged, "The restored database")
        return notices

    def _keep(self, file: Path, request: RestoreRequest) -> str:
        kept = Path(
            names.free_name(
                lambda: str(file.with_name(f"{file.name}.before-{names.stamp()}")),
                lambda name: Path(name).exists(),
            )
        )
        complete = False
        try:
            with self._raw() as raw:
                self._copy(
                    raw,
                    kept,
                    lambda done, total: report(
                        request.progress, "keeping the old state", done, total
                    ),
                )
            _check_integrity(kept, "The copy of the present state")
            kept.chmod(file.stat().st_mode & 0o777)
            sync_file(kept)
            sync_file(kept.parent)
            complete = True
        finally:
            if not complete:
                kept.unlink(missing_ok=True)
        return str(kept)

    def _write_over(self, staged: Path, request: RestoreRequest) -> None:
        if not self.connection.is_in_memory_db():
            self.connection.close()
        with sqlite_contents.opened(staged) as source, self._raw() as target:
            self._transfer(
                source,
                target,
                lambda done, total: report(request.progress, "restoring", done, total),
            )
            faults = target.execute("PRAGMA quick_check").fetchall()
        if faults != [("ok",)]:
            raise BackupFailed(
                f"The restored database fails SQLite's check: {faults[0][0]}.",
                changed="The database was changed: it holds the backup's pages.",
            )

    def old_copies(self) -> tuple[str, ...]:
        file = self.file
        if file is None:
            return ()
        found = [one for one in file.parent.iterdir() if names.is_before_file(one.name, file.name)]
        return tuple(str(one) for one in sorted(found))

    def drop_old(self, name: str) -> None:
        Path(name).unlink()

    def abandoned(self) -> tuple[str, ...]:
        file = self.file
        if file is None:
            return ()
        found = file.parent.glob(f"{names.SCRATCH_PREFIX}*.sqlite3*")
        return tuple(
            str(one) for one in sorted(found) if names.is_abandoned(one.name.partition(".")[0])
        )

    def drop_abandoned(self, name: str) -> bool:
        Path(name).unlink(missing_ok=True)
        return True


@contextlib.contextmanager
def _one_view(source: sqlite3.Connection) -> Iterator[None]:
    """Hold one view of the database, so that a busy writer cannot make the copy start over and over."""
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield
    finally:
        source.execute("ROLLBACK")


def _check_integrity(path: Path, what: str) -> None:
    try:
        with sqlite_contents.opened(path) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        faults = [str(error)]
    if faults != ["ok"]:
        raise BackupFailed(f"{what} fails SQLite's integrity check: {'; '.join(faults)}.")
