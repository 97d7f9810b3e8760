"""Backups of MariaDB and MySQL: one consistent dump with triggers, routines and events, compressed while it streams."""

from __future__ import annotations

import contextlib
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_safe_migrate.backups import (
    contents,
    mysql_details,
    mysql_in_place,
    mysql_readiness,
    mysql_sample,
    mysql_scratch,
    mysql_swap,
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
from django_safe_migrate.backups.mysql_client import MySQLClient
from django_safe_migrate.backups.mysql_file import (
    HEAD_BYTES,
    is_complete,
    log_position,
    uncompressed,
)
from django_safe_migrate.backups.mysql_rows import RowCounter
from django_safe_migrate.backups.mysql_server import rows
from django_safe_migrate.backups.programs import Program, running
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.streams import SealedFile
from django_safe_migrate.databases import Database, RowCount, get_database
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding

TABLES = (
    "SELECT TABLE_NAME FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME"
)
OBJECTS = {
    "views": "SELECT count(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()",
    "triggers": "SELECT count(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    "routines": "SELECT count(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
    "events": "SELECT count(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    "foreign keys": "SELECT count(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()",
    "index columns": "SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
}


class MySQLConnector(SafeConnector):
    """``mariadb-dump --single-transaction``, and a restore into a fresh database."""

    vendor = "mysql"
    extension = "dump"
    compression_suffix = ".gz"

    @property
    def client(self) -> MySQLClient:
        """The client programs, for the server as it is configured now."""
        return MySQLClient(
            self.settings, self.options.bin_dir, bool(self.connection.mysql_is_mariadb)
        )

    def lift_limits(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            if connection.mysql_is_mariadb:
                cursor.execute("SET SESSION max_statement_time = 0")
            cursor.execute(
                "SET SESSION lock_wait_timeout = %s", [max(1, int(self.options.lock_wait))]
            )

    def readiness(self) -> list[Finding]:
        return mysql_readiness.check(self)

    # --- dumping ------------------------------------------------------------------------------------------------------------

    def dump(self, path: Path, progress: Progress | None = None) -> Dump:
        if mysql_swap.unfinished(self):
            raise BackupFailed(
                f"A restore of database {self.database.alias!r} was interrupted, and its triggers or views may be missing now.",
                next_command=f"migrate_backup repair --database {self.database.alias}",
            )
        client, counter = self.client, RowCounter(self.options.checksum_below)
        with self.connected() as connection:
            database = get_database(connection)
            before = contents.applied_migrations(database, database.tables())
            told = client.position_arguments if database.position() is not None else ()
            with SealedFile(path) as file:
                head = self._stream(client, file, counter, progress, told)
            after = contents.applied_migrations(database, database.tables())
            if before != after:
                raise BackupFailed(
                    "Migrations were recorded by somebody else while the database was dumped."
                )
            held = contents.Contents(
                applied_migrations=after,
                row_counts=self._counts(counter, database),
                objects=objects(connection),
            )
        return Dump(
            fingerprint=file.fingerprint,
            client=client.description,
            contents=held,
            counts_match=counter.is_exact,
            log_position=log_position(head),
            details=counter.details(),
        )

    def _stream(
        self,
        client: MySQLClient,
        file: SealedFile,
        counter: RowCounter,
        progress: Progress | None,
        more: tuple[str, ...],
    ) -> bytes:
        """Dump into a file, and return the beginning."""
        # The same format as gzip's own, without a name or a date in it.
        compressor, head, end = zlib.compressobj(1, zlib.DEFLATED, 31), b"", b""
        with client.defaults() as (defaults, descriptors):
            arguments = client.dump_arguments(defaults, self.database.name, *more)
            with running(
                arguments,
                env=client.environment(),
                secrets=self.secrets,
                stdout=subprocess.PIPE,
                pass_fds=descriptors,
            ) as program:
                for piece in program.output(stall=self.options.stall):
                    counter.add(piece)
                    file.write(compressor.compress(piece))
                    head += piece[: max(0, HEAD_BYTES - len(head))]
                    end = (end + piece)[-200:]
                    report(progress, "dumping", file.size)
                program.finish()
        file.write(compressor.flush())
        if not is_complete(end):
            raise BackupFailed(
                f"{client.description} ended well, and its dump lacks the last line."
            )
        return head

    def _counts(self, counter: RowCounter, database: Database) -> dict[str, RowCount]:
        found = counter.finish()
        if counter.is_exact:
            return {table: RowCount(rows, exact=True) for table, rows in sorted(found.items())}
        return database.row_counts(sorted(found), exact_below=self.options.exact_below)

    def check_file(self, path: Path, receipt: Receipt | None, *, thorough: bool) -> str:
        counter, end = RowCounter(), b""
        for piece in uncompressed(path):
            counter.add(piece)
            end = (end + piece)[-200:]
        if not is_complete(end):
            raise BackupFailed(f"{path.name} does not end with the last line of a complete dump.")
        found = counter.finish()
        if receipt is not None and receipt.counts_match_dump:
            expected = {table: count.rows for table, count in receipt.row_counts.items()}
            if found != expected:
                raise BackupFailed(
                    f"The rows in {path.name} are not those that its manifest counts."
                )
            return "read in full, last line there, rows counted again"
        return "read in full, last line there"

    # --- restoring ----------------------------------------------------------------------------------------------------------

    def restore(self, request: RestoreRequest) -> Restored:
        if request.in_place:
            return mysql_in_place.restore(self, request)
        return mysql_swap.restore(self, request)

    def scratch(self, request: RestoreRequest) -> contextlib.AbstractContextManager[Scratch]:
        return mysql_scratch.scratch(self, request)

    def sample(self, request: SampleRequest) -> contextlib.AbstractContextManager[Scratch]:
        return mysql_sample.sample(self, request)

    def details(self, scratch: Scratch, receipt: Receipt) -> contents.Details:
        return mysql_details.of(self, scratch.name, receipt)

    def incomparable(self, receipt: Receipt) -> str:
        description = self.client.description
        if receipt.client != description:
            return f"they were taken from the words of {receipt.client}, and {description} may write values in others"
        if contents.major(receipt.server) != contents.major(self.database.server):
            return f"they were taken on {receipt.server}, and {self.database.server} may write values in other words"
        return ""

    def load(
        self, source: Iterator[bytes], database_name: str, progress: Progress | None = None
    ) -> None:
        """Execute SQL in a database; it stops at the first error."""
        client, done = self.client, 0
        with (
            client.defaults() as (defaults, descriptors),
            running(
                client.load_arguments(defaults, database_name),
                env=client.environment(),
                secrets=self.secrets,
                stdin=subprocess.PIPE,
                pass_fds=descriptors,
            ) as program,
        ):
            for piece in source:
                program.feed(piece)
                done += len(piece)
                report(progress, "restoring", done)
            program.finish()

    def script(self, database_name: str, *arguments: str) -> bytes:
        """Return what the dump program writes with more arguments; for what has no rows."""
        client = self.client
        with client.defaults() as (defaults, descriptors):
            line = client.dump_arguments(defaults, database_name)
            split = line.index("--")
            options = [one for one in arguments if one.startswith("--")]
            tables = [one for one in arguments if not one.startswith("--")]
            with running(
                [*line[:split], *options, *line[split:], *tables],
                env=client.environment(),
                secrets=self.secrets,
                stdout=subprocess.PIPE,
                pass_fds=descriptors,
            ) as program:
                return self._collected(program)

    def _collected(self, program: Program) -> bytes:
        text = b"".join(program.output(stall=self.options.stall))
        program.finish()
        if not is_complete(text[-200:]):
            raise BackupFailed(f"{program.name} ended well, and its output lacks the last line.")
        return text

    def found(self, connection: Any, receipt: Receipt | None) -> contents.Contents:
        """Return what a restored database holds, counting what the receipt counts."""
        tables = tuple(name for (name,) in rows(connection, TABLES, None))
        return contents.recount(get_database(connection), receipt, tables, objects(connection))

    def old_copies(self) -> tuple[str, ...]:
        return mysql_swap.old_copies(self)

    def drop_old(self, name: str) -> None:
        mysql_swap.drop(self, name)

    def repair(self) -> tuple[str, ...]:
        return (*mysql_swap.repair(self), *super().repair())

    def abandoned(self) -> tuple[str, ...]:
        return mysql_swap.abandoned(self)

    def drop_abandoned(self, name: str) -> bool:
        mysql_swap.drop(self, name)
        return True


def objects(connection: Any) -> dict[str, int]:
    """Return how many objects of each kind there are."""
    return {kind: int(rows(connection, sql, None)[0][0]) for kind, sql in OBJECTS.items()}
