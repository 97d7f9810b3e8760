"""
The history: the only writer of the tables that admins see.

The journal is the source. What cannot be written here now is brought in from there later, so nothing in this package stops a run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connections, router

from django_safe_migrate import conf, events, journal
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.history import rows, snapshots, sources, writing
from django_safe_migrate.history.reading import (
    applied_sources,
    keys_beginning_with,
    record_of,
    statuses,
    stored,
)
from django_safe_migrate.history.tables import Tables, Target
from django_safe_migrate.models import Backup, MigrationRun
from django_safe_migrate.record import RUNNING, RunRecord

__all__ = ["History", "record_of"]


class History:
    """
    The history in one database.

    Args:
        using: an alias, or a connection that leads to a database without an alias, such as a restored one before it takes the
            place of the old one. Without it, the database that ``HISTORY_DATABASE`` names or the routers choose.
    """

    def __init__(self, using: Target | None = None) -> None:
        chosen = using or conf.load().history_database or router.db_for_write(MigrationRun)
        self._tables = Tables(chosen)
        # With the session that it was written through: a new one may lead to another database, such as a restored one.
        self._written: dict[str, tuple[Any, writing.Written]] = {}

    @property
    def alias(self) -> str:
        """The alias of the database, or of the connection, that holds the tables."""
        return self._tables.alias

    def is_available(self) -> bool:
        """Whether the tables exist, with every column that is needed."""
        return not self.reason_unavailable()

    def reason_unavailable(self) -> str:
        """Return why the history cannot be used now; empty when it can. A yes is remembered, a no is asked again."""
        return self._tables.reason_unavailable()

    # --- writing ----------------------------------------------------------------------------

    def save(self, record: RunRecord) -> str:
        """
        Write a run with its steps, findings and backup, or bring them up to date.

        Returns why that was not possible, empty when it was done. Never raises for a database that fails: the journal has it all.
        """
        session, known = self._written.pop(record.id, (None, {}))

        def write(alias: str, charset: str) -> None:
            still_known = known if connections[alias].connection is session else {}
            written = writing.write(record, alias, charset, still_known)
            self._written[record.id] = (connections[alias].connection, written)

        return self._tables.attempt(write, f"run {record.id}")

    def save_backup(self, receipt: dict[str, Any], database: str) -> str:
        """Write a backup that belongs to no run, or bring it up to date; returns why not, as ``save`` does."""

        def write(alias: str, charset: str) -> None:
            writing.write_backup(receipt, database, alias, charset)

        return self._tables.attempt(write, f"backup {receipt.get('name')}")

    def mark_pruned(self, names: Collection[str], database: str) -> str:
        """Note that the artefacts of these backups were deleted; returns why not, as ``save`` does."""

        def write(alias: str, charset: str) -> None:
            present = Backup.objects.using(alias).filter(database=database, name__in=names)
            present.filter(pruned_at=None).update(pruned_at=rows.to_moment(events.timestamp()))

        return self._tables.attempt(write, "the pruning of backups")

    # --- from the journals ------------------------------------------------------------------

    def import_journals(self, *, held: Collection[str] = ()) -> list[str]:
        """
        Bring in every journal, and every snapshot, that the tables lack or have older; return the ids of the runs brought in.

        ``held`` names the databases whose run lock the caller holds: a run left as running there, even on another host, is over.
        Journals of runs that are in the tables whole are deleted, except for the newest ones.
        """
        if not self.is_available():
            return []
        brought_in = []
        for path in snapshots.leftovers(self.alias):
            brought_in += self.import_snapshot(path)
        files = journal.journals()
        known = statuses(self._tables, [file.run_id for file in files])
        brought_in += self._save_all(sources.newer_records(known, files, held))
        brought_in += self._save_all(self._crashed(held))
        known = statuses(self._tables, [file.run_id for file in files])
        journal.prune({run_id for run_id, status in known.items() if status != RUNNING})
        return brought_in

    def _save_all(self, records: Iterable[RunRecord]) -> list[str]:
        return [record.id for record in list(records) if not self.save(record)]

    def _crashed(self, held: Collection[str]) -> Iterator[RunRecord]:
        """The runs that the tables have as running, without a journal to tell more, and that cannot be."""
        for record in stored(self._tables, MigrationRun.objects.filter(status=RUNNING)):
            if sources.has_crashed(record, held):
                sources.mark_crashed(record, sources.last_seen(record))
                yield record

    # --- across a restore -------------------------------------------------------------------

    def export_snapshot(self) -> Path:
        """
        Write the whole history to a file beside the journals, to be put back after a restore.

        Raises:
            OSError: no folder can be written.
        """
        receipts = self._tables.read(
            lambda alias: (
                Backup.objects.using(alias).order_by("pk").values_list("database", "receipt")
            )
        )
        return snapshots.export(
            self.alias,
            stored(self._tables, MigrationRun.objects.order_by("started_at", "pk")),
            ({**receipt, "database": database} for database, receipt in receipts),
        )

    def import_snapshot(self, path: Path) -> list[str]:
        """
        Put back the runs and backups that the tables lack or have older; return the ids of the runs.

        The file is deleted once everything is in; without the tables it stays, and ``import_journals`` brings it in later.
        """
        if not self.is_available():
            return []
        receipts = snapshots.receipts(path)
        failures = [self.save_backup(receipt, receipt["database"]) for receipt in receipts]
        known = statuses(self._tables)
        put_back = []
        for record in snapshots.runs(path):
            if sources.says_more(record.status, known.get(record.id)):
                failures.append(self.save(record))
                put_back += [] if failures[-1] else [record.id]
        if not any(failures):
            path.unlink(missing_ok=True)
        return put_back

    # --- reading ----------------------------------------------------------------------------

    def last_runs(self, count: int = 10, *, database: str = "") -> list[RunRecord]:
        """Return the newest runs, newest first, without the operations of their steps."""
        query = MigrationRun.objects.order_by("-started_at", "-pk")
        query = query.filter(database=database) if database else query
        found = stored(self._tables, query[:count], operations=False)
        return self._merged(found, database)[:count]

    def find(self, prefix: str, *, database: str = "") -> RunRecord | None:
        """
        Return the run whose id begins with this text, with all its operations; None when there is none.

        Raises:
            SafeMigrateError: the ids of several runs begin so.
        """
        digits = prefix.strip().lower().replace("-", "")
        if not digits:
            return None
        keys = keys_beginning_with(self._tables, digits)
        found = [
            record
            for record in self._merged(
                stored(self._tables, MigrationRun.objects.filter(pk__in=keys)), database
            )
            if record.id.replace("-", "").startswith(digits) and database in {"", record.database}
        ]
        if len(found) > 1:
            ids = ", ".join(record.id for record in found)
            raise SafeMigrateError(
                f"Several runs have an id that begins with {prefix!r}: {ids}.",
                next_command="migrate_status --history",
            )
        return found[0] if found else None

    def closed(self, ids: Collection[str]) -> set[str]:
        """Return those of these runs that the tables have, and not as running."""
        found = statuses(self._tables, list(ids))
        return {run_id for run_id, status in found.items() if status != RUNNING}

    def applied_sources(self, database: str) -> dict[tuple[str, str], tuple[str, str]]:
        """Return the digest of each migration's file when it was last applied, and that moment, by app and name."""
        return applied_sources(self._tables, database)

    def _merged(self, found: Iterable[RunRecord], database: str) -> list[RunRecord]:
        """Add what only journals know to what the tables gave; newest first."""
        files = journal.journals()
        merged = {record.id: record for record in found}
        for record in merged.values():
            if record.status == RUNNING and sources.has_crashed(record, ()):
                sources.mark_crashed(record, sources.last_seen(record))
        known = statuses(self._tables, [file.run_id for file in files])
        for record in sources.newer_records(known, files, ()):
            if not database or record.database == database:
                merged[record.id] = record
        return sorted(merged.values(), key=lambda one: (one.started_at, one.id), reverse=True)
