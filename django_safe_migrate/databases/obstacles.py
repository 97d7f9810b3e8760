"""What may stand in the way of a plan before it starts, and what a server can take while it runs: transactions, vacuums, clients, disk."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from django_safe_migrate.databases.answers import Session
from django_safe_migrate.databases.facts import TableLock

#: The state of a transaction that has no session, and ends only when somebody commits or rolls it back.
PREPARED = "prepared transaction"


@dataclasses.dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction of another session, or a prepared one; ``held`` are its locks (table and mode), None where the server does not tell."""

    session: Session
    held: tuple[tuple[str, str], ...] | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether no session owns it."""
        return self.session.state == PREPARED


@dataclasses.dataclass(frozen=True, slots=True)
class Vacuum:
    """An autovacuum that does not make way for others: its session, its table, its age in seconds, and how much of the table it has read."""

    session: str
    table: str
    seconds: float | None
    share: float | None = None


class ObstacleQuestions:
    """The part of ``Database`` that knows what is in the way; this one sees nothing."""

    #: The statements that end a prepared transaction.
    ends_prepared = "commit it or roll it back"

    def open_transactions(self, older_than: float) -> tuple[OpenTransaction, ...]:
        """Return the transactions of others older than so many seconds, oldest first, with the tables of ours that they hold."""
        return ()

    def conflicts(self, wanted: TableLock, held: str) -> bool:
        """Whether a lock that we want waits for one in this mode; yes where that is not known."""
        return True

    def wraparound_vacuums(self) -> tuple[Vacuum, ...]:
        """Return the autovacuums that prevent wraparound, which let nobody through."""
        return ()

    def clients(self) -> tuple[int, int] | None:
        """Return how many clients are connected to the server, and how many may be; None where there is no such thing."""
        return None

    def knows_replicas(self) -> bool:
        """Whether this server knows the lag of its replicas, and this role may ask."""
        return False

    def data_folder(self) -> Path | None:
        """Return the folder where the database's files are, or None when that cannot be seen from here."""
        return None

    def free_disk_bytes(self) -> int | None:
        """Free bytes where the database's files are, or None when that cannot be seen from here."""
        folder = self.data_folder()
        if folder is None:
            return None
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return None
