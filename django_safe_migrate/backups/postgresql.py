"""Backups of PostgreSQL: pg_dump in the custom format, in one snapshot with the counts of the manifest."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import DatabaseError

from django_safe_migrate.backups import (
    contents,
    postgresql_details,
    postgresql_in_place,
    postgresql_objects,
    postgresql_sample,
    postgresql_scratch,
    postgresql_swap,
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
from django_safe_migrate.backups.postgresql_client import INSTALL, PostgreSQLClient
from django_safe_migrate.backups.programs import Program, running
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.streams import SealedFile
from django_safe_migrate.databases import Database, RowCount, get_database
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding, Severity

#: What every custom-format archive begins with.
MAGIC = b"PGDMP"


class PostgreSQLConnector(SafeConnector):
    """``pg_dump -Fc -Z1`` and ``pg_restore`` into a fresh database."""

    vendor = "postgresql"
    extension = "psql.bin"

    @property
    def client(self) -> PostgreSQLClient:
        """The client programs, for the database as it is configured now."""
        return PostgreSQLClient(self.settings, self.options.bin_dir, self.database.name)

    # --- readiness ----------------------------------------------------------------------------------------------------------

    def readiness(self) -> list[Finding]:
        try:
            major = min(self.client.major("pg_dump"), self.client.major("pg_restore"))
        except BackupFailed as error:
            return [
                Finding(
                    rule="backup_client_missing",
                    severity=Severity.ERROR,
                    message=error.message,
                    hint=INSTALL,
                )
            ]
        findings = []
        if reason := self.unfit(major):
            hint = f"Install the client programs of PostgreSQL {self.database.version[0]} or newer."
            findings.append(
                Finding(
                    rule="backup_client_outdated",
                    severity=Severity.ERROR,
                    message=reason,
                    hint=hint,
                )
            )
        if not postgresql_swap.can_create_databases(self.connection):
            findings.append(
                Finding(
                    rule="backup_restore_in_place",
                    severity=Severity.INFO,
                    message=f"The role of database {self.database.alias!r} may not create databases, so a restore would have to be "
                    "done in place.",
                    hint="ALTER ROLE ... CREATEDB lets a restore keep the present database under another name.",
                )
            )
        return findings

    def unfit(self, major: int) -> str:
        """Return why a client of this major version cannot serve the server, or an empty text."""
        server = self.database.version[0]
        if major >= server:
            return ""
        return (
            f"pg_dump is of version {major}, and the server of database {self.database.alias!r} is {self.database.server}: "
            "pg_dump refuses servers newer than itself."
        )

    def lift_limits(self, connection: Any) -> None:
        limits = {
            "statement_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
            "transaction_timeout": "0",  # new in version 17
            "lock_timeout": f"{int(self.options.lock_wait * 1000)}ms",
        }
        with connection.cursor() as cursor:
            for name, value in limits.items():
                cursor.execute(
                    "SELECT pg_catalog.set_config(name, %s, false) FROM pg_catalog.pg_settings WHERE name = %s",
                    [value, name],
                )

    # --- dumping ------------------------------------------------------------------------------------------------------------

    def dump(self, path: Path, progress: Progress | None = None) -> Dump:
        client = self.client
        if reason := self.unfit(client.major("pg_dump")):
            raise BackupFailed(reason)
        with self.connected() as connection:
            database = get_database(connection)
            before = postgresql_details.positions(database)
            with _snapshot(connection) as snapshot:
                arguments = client.arguments(
                    "pg_dump",
                    "--format=custom",
                    "--compress=1",
                    f"--snapshot={snapshot}",
                    f"--lock-wait-timeout={int(self.options.lock_wait * 1000)}",
                )
                with running(
                    arguments,
                    env=client.environment(),
                    secrets=self.secrets,
                    stdout=subprocess.PIPE,
                ) as program:
                    writer = _Writer(program, path, self.options.stall, progress)
                    with writer:
                        # Meanwhile pg_dump works; both see the state of the snapshot.
                        held = self._contents(database)
                        checksums = self._checksums(database, held)
                    program.finish()
            after = postgresql_details.positions(database)
        return Dump(
            fingerprint=writer.file.fingerprint,
            client=client.version("pg_dump"),
            contents=held,
            counts_match=True,
            details=contents.Details(checksums, postgresql_details.between(before, after)),
        )

    def _contents(self, database: Database) -> contents.Contents:
        tables = database.tables()
        foreign = postgresql_details.foreign_tables(database)
        own = [table for table in tables if table not in foreign]
        counts = database.row_counts(own, exact_below=self.options.exact_below)
        return contents.Contents(
            applied_migrations=contents.applied_migrations(database, tables),
            row_counts={table: counts.get(table, RowCount(0, exact=False)) for table in tables},
            objects=postgresql_objects.count(database.connection),
        )

    def _checksums(self, database: Database, held: contents.Contents) -> dict[str, str]:
        below = self.options.checksum_below
        small = [
            table for table, count in held.row_counts.items() if count.exact and count.rows < below
        ]
        return postgresql_details.checksums(database, small)

    def check_file(self, path: Path, receipt: Receipt | None, *, thorough: bool) -> str:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise BackupFailed(f"{path.name} is not an archive of pg_dump.")
        client = self.client
        how = ["--file=/dev/null"] if thorough else ["--list"]
        arguments = [client.path("pg_restore"), *how, str(path)]
        with running(arguments, env=client.environment(), secrets=self.secrets) as program:
            program.finish()
        return "read in full by pg_restore" if thorough else "table of contents read by pg_restore"

    # --- restoring ----------------------------------------------------------------------------------------------------------

    def restore(self, request: RestoreRequest) -> Restored:
        if request.in_place:
            return postgresql_in_place.restore(self, request)
        return postgresql_swap.restore(self, request)

    def scratch(self, request: RestoreRequest) -> contextlib.AbstractContextManager[Scratch]:
        return postgresql_scratch.scratch(self, request)

    def sample(self, request: SampleRequest) -> contextlib.AbstractContextManager[Scratch]:
        return postgresql_sample.sample(self, request)

    def details(self, scratch: Scratch, receipt: Receipt) -> contents.Details:
        return postgresql_details.of(get_database(scratch.connection), receipt.row_checksums)

    def incomparable(self, receipt: Receipt) -> str:
        if contents.major(receipt.server) == contents.major(self.database.server):
            return ""
        return f"they were taken on {receipt.server}, and {self.database.server} may write values in other words"

    def load(self, request: RestoreRequest, database_name: str) -> None:
        """Run pg_restore into an empty database; it stops at the first error."""
        client = self.client
        skipped = ["--no-owner", "--no-privileges"] if request.no_owner else []
        arguments = client.arguments(
            "pg_restore", "--exit-on-error", *skipped, database_name=database_name
        )
        report(request.progress, "restoring", 0)
        with running(
            [*arguments, str(request.path)], env=client.environment(), secrets=self.secrets
        ) as program:
            program.finish()

    def found(self, connection: Any, receipt: Receipt | None) -> contents.Contents:
        """Return what a restored database holds, counting what the receipt counts."""
        database = get_database(connection)
        return contents.recount(
            database, receipt, database.tables(), postgresql_objects.count(connection)
        )

    def old_copies(self) -> tuple[str, ...]:
        return postgresql_swap.old_copies(self)

    def drop_old(self, name: str) -> None:
        postgresql_swap.drop(self, name)

    def abandoned(self) -> tuple[str, ...]:
        return postgresql_swap.abandoned(self)

    def drop_abandoned(self, name: str) -> bool:
        return postgresql_swap.drop_abandoned(self, name)


@contextlib.contextmanager
def _snapshot(connection: Any) -> Iterator[str]:
    """Open a transaction whose view of the database others can share."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("SELECT pg_catalog.pg_export_snapshot()")
            yield cursor.fetchone()[0]
        finally:
            with contextlib.suppress(DatabaseError):
                cursor.execute("ROLLBACK")


class _Writer:
    """Writes a program's output into a file in a thread, so that the caller can count rows meanwhile."""

    def __init__(
        self, program: Program, path: Path, stall: float, progress: Progress | None
    ) -> None:
        self.file = SealedFile(path)
        self._program, self._stall, self._progress = program, stall, progress
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="safe-migrate-dump")

    def _work(self) -> None:
        try:
            with self.file:
                for piece in self._program.output(stall=self._stall):
                    self.file.write(piece)
        except Exception as error:
            self._error = error

    def __enter__(self) -> _Writer:
        report(self._progress, "dumping", 0)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None:
        if error is not None:
            self._program.kill()
        while self._thread.is_alive():
            self._thread.join(0.2)
            report(self._progress, "dumping", self.file.size)
        if error is None and self._error is not None:
            raise self._error
