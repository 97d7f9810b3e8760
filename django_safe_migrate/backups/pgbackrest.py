"""Physical backups of a whole PostgreSQL cluster by pgBackRest, from which any archived moment can be restored."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django_safe_migrate import conf, values
from django_safe_migrate.backups import contents, pgbackrest_restore
from django_safe_migrate.backups.base import BackupBackend, RestoreResult
from django_safe_migrate.backups.connector import report
from django_safe_migrate.backups.pgbackrest_program import PgBackRest
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.backups.base import BeforeSwap, Progress
    from django_safe_migrate.databases import Database

TYPES = ("full", "diff", "incr")
#: Annotations of a backup, which pgBackRest keeps with it.
RUN, VERIFIED = "safe-migrate-run", "safe-migrate-verified"
SYSTEM = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"
_READ = "pgbackrest verify read the whole repository, every file of the backup is valid"


class PgBackRestBackend(BackupBackend):
    """
    Backups by pgBackRest, of the whole cluster that the database is in.

    They are kept, and expire, as pgBackRest's own configuration says. A restore replaces the whole cluster with its server stopped, which
    ``restore`` refuses to do: it gives the commands.

    Args:
        stanza: the name of the cluster in pgBackRest's configuration.
        program: pgBackRest, with what comes before it on the command line where it has to run as another user or elsewhere, such as
            ``["sudo", "-n", "-u", "postgres", "pgbackrest"]`` or ``["ssh", "backup-host", "pgbackrest"]``.
        config: the path of its configuration; None: its own default.
        type: full, diff or incr; pgBackRest makes a full one where the others have nothing to build on.
        repository: the number of the repository to back up to; None: the first.
        limit: how long one call of pgBackRest may take.
    """

    def __init__(
        self,
        *,
        stanza: str,
        program: str | Sequence[str] = "pgbackrest",
        config: str | None = None,
        type: str = "incr",  # noqa: A002 - pgBackRest's own word
        repository: int | None = None,
        limit: float | str = "6h",
    ) -> None:
        if type not in TYPES:
            raise ValueError(f"type is {type!r}, and accepted are {', '.join(TYPES)}")
        if not stanza or not isinstance(stanza, str):
            raise ValueError(f"stanza is {stanza!r}, and it has to be the name of a stanza")
        self.type = type
        self.pgbackrest = PgBackRest(
            program=(program,) if isinstance(program, str) else tuple(map(str, program)),
            stanza=stanza,
            config=str(config or ""),
            repository=repository,
            silence=values.duration(limit),
        )

    @property
    def storage(self) -> str:
        """Where backups are, in words."""
        number = self.pgbackrest.repository
        return f"pgBackRest stanza {self.pgbackrest.stanza}" + (
            "" if number is None else f", repository {number}"
        )

    # --- making -------------------------------------------------------------------------------------------------------------

    def check(self, database: Database) -> list[Finding]:
        try:
            self._ensure_same_cluster(database)
            # Archives a segment of WAL, and waits until it is in the repository.
            self.pgbackrest.run("check", on_repository=False)
        except BackupFailed as error:
            return [
                Finding(
                    rule="pgbackrest_unusable",
                    severity=Severity.ERROR,
                    message=error.message,
                    hint=f"Mend what it names; this has to succeed: {' '.join(self.pgbackrest.line('check', on_repository=False))}",
                )
            ]
        return []

    def _ensure_same_cluster(self, database: Database) -> None:
        """Raise when this is no PostgreSQL, or pgBackRest's stanza is of another cluster: its backups would not have this database."""
        if database.connection.vendor != "postgresql":
            raise BackupFailed(
                f"pgBackRest backs up PostgreSQL, and database {database.alias!r} is on {database.product}."
            )
        self.pgbackrest.version  # noqa: B018 - raises when it is missing or too old
        known = {str(one.get("system-id")) for one in self.pgbackrest.info().get("db") or ()}
        rows = database.ask_if_permitted(SYSTEM)
        if rows and rows[0][0] not in known:
            raise BackupFailed(
                f"The pgBackRest stanza {self.pgbackrest.stanza!r} is of another cluster (system identifier "
                f"{', '.join(sorted(known)) or 'none'}) than database {database.alias!r} ({rows[0][0]})."
            )

    def create(
        self, database: Database, *, run_id: str = "", progress: Progress | None = None
    ) -> Receipt:
        started, moment = time.perf_counter(), _now()
        self._ensure_same_cluster(database)
        tables = database.tables()
        counts = database.row_counts(tables, exact_below=conf.load().exact_count_below)
        applied = contents.applied_migrations(database, tables)
        before = self.pgbackrest.backups()
        report(progress, f"making a backup ({self.type})", 0)
        annotation = [f"--annotation={RUN}={run_id}"] if run_id else []
        self.pgbackrest.run(f"--type={self.type}", *annotation, "backup")
        made = [label for label in self.pgbackrest.backups() if label not in before]
        if not made:
            raise BackupFailed("pgbackrest backup ended well, and there is no new backup.")
        report(progress, "verifying", 0)
        receipt = self.verify(made[-1], database.alias)
        return dataclasses.replace(
            receipt,
            created_at=moment,
            source=database.name,
            engine=database.connection.settings_dict["ENGINE"],
            server=database.server,
            applied_migrations=applied,
            row_counts=counts,
            run_id=run_id,
            seconds=round(time.perf_counter() - started, 3),
        )

    # --- checking -----------------------------------------------------------------------------------------------------------

    def verify(self, name: str, alias: str) -> Receipt:
        receipt, found = self._known(name, alias)
        if receipt.broken:
            raise BackupFailed(f"The backup {name} cannot be relied on: {receipt.broken}")
        elsewhere = self.pgbackrest.verify([name, *(found.get("reference") or ())])
        moment = _now()
        self.pgbackrest.run(f"--set={name}", f"--annotation={VERIFIED}={moment}", "annotate")
        return dataclasses.replace(
            receipt, verified_at=moment, verification=f"{_READ}.{elsewhere}".rstrip(".")
        )

    def _known(self, name: str, alias: str) -> tuple[Receipt, dict[str, Any]]:
        found = self.pgbackrest.backups().get(name)
        if found is None:
            raise BackupFailed(
                f"There is no backup {name} in {self.storage}.",
                next_command=f"migrate_backup list --database {alias}",
            )
        return self._receipt(found, alias), found

    def list(self, alias: str) -> tuple[Receipt, ...]:
        backups = reversed(list(self.pgbackrest.backups().values()))
        return tuple(self._receipt(one, alias) for one in backups)

    def _receipt(self, found: Mapping[str, Any], alias: str) -> Receipt:
        notes, info, archive = (found.get(key) or {} for key in ("annotation", "info", "archive"))
        began = datetime.datetime.fromtimestamp(found["timestamp"]["start"], datetime.UTC)
        ended = found["timestamp"]["stop"] - found["timestamp"]["start"]
        return Receipt(
            name=str(found["label"]),
            database=alias,
            vendor="postgresql",
            connector=f"{type(self).__module__}.{type(self).__name__}",
            created_at=began.isoformat(timespec="microseconds"),
            size=int((info.get("repository") or {}).get("size") or info.get("size") or 0),
            client=f"pgBackRest {(found.get('backrest') or {}).get('version', '')}".strip(),
            run_id=str(notes.get(RUN, "")),
            storage=self.storage,
            seconds=float(ended),
            verified_at=str(notes.get(VERIFIED, "")),
            verification=_READ if VERIFIED in notes else "",
            log_position={
                "log": "WAL",
                "type": str(found.get("type", "")),
                "from": str((found.get("lsn") or {}).get("start") or ""),
                "at": str((found.get("lsn") or {}).get("stop") or ""),
                "timeline": int(str(archive.get("stop") or "0")[:8], 16) or None,
                "segments": [str(archive.get("start") or ""), str(archive.get("stop") or "")],
            },
            broken="pgBackRest found pages with wrong checksums while it made it."
            if found.get("error")
            else "",
        )

    # --- restoring ----------------------------------------------------------------------------------------------------------

    def by_hand(
        self, name: str, database: Database, position: Mapping[str, Any] | None = None
    ) -> tuple[str, ...]:
        receipt, _ = self._known(name, database.alias)
        return pgbackrest_restore.commands(self.pgbackrest, receipt, database, position)

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
        raise BackupFailed(
            f"The backup {name} is of the whole cluster, with every database in it, and is restored with the server stopped, which is not "
            "done from here.",
            next_command=f"migrate_backup restore {name} --database {database.alias}   (gives the commands)",
        )

    def prune(self, alias: str, keep: int) -> tuple[str, ...]:
        """Delete nothing: pgBackRest expires backups by its own configuration (``repo1-retention-full``)."""
        return ()

    def delete(self, name: str) -> None:
        line = " ".join(self.pgbackrest.line(f"--set={name}", "expire"))
        raise BackupFailed(
            f"pgBackRest expires its backups itself. The backup {name}, and all that build on it, is deleted with: {line}"
        )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
