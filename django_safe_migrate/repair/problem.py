"""What is found, what would be done about it, and what was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.repair.position import NOTHING_KNOWN, Known

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database, RunLock
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.recorder import Listener

UNLOCK = "unlock"
RUNS = "runs"
RESUME = "resume"
REVERT = "revert"
RESET = "reset"
GHOSTS = "ghosts"
BROKEN_OFF = "broken-off"
INVALID_INDEXES = "invalid-indexes"
SCHEMA = "schema"
SCRATCH = "scratch"
#: In the order in which they are carried out.
ACTIONS = (
    UNLOCK,
    RUNS,
    SCRATCH,
    BROKEN_OFF,
    INVALID_INDEXES,
    RESUME,
    REVERT,
    RESET,
    GHOSTS,
    SCHEMA,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """
    What was asked for; durations in seconds.

    ``actions`` are the named ones, none for all that is found. ``reset`` is a migration, ``tables`` limits the action ``schema`` to
    these; ``force`` lets data go; ``assumed`` is what is said of single operations.
    """

    database: str = "default"
    actions: frozenset[str] = frozenset()
    reset: tuple[str, str] | None = None
    tables: tuple[str, ...] = ()
    force: bool = False
    assumed: Known = NOTHING_KNOWN
    backup: str = "always"
    lock_timeout: float | None = 2.0
    statement_timeout: float | None = None
    run_lock_wait: float = 600.0

    def wants(self, action: str) -> bool:
        """Whether an action was named, or none was and this one is among all."""
        return action in self.actions or (not self.actions and action not in {REVERT, RESET})


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """A repair under way: the database under its run lock, and whom to tell."""

    ways: Ways
    database: Database
    lock: RunLock
    surroundings: Surroundings
    listener: Listener


#: Carries a problem's remedy out; raises ``SafeMigrateError`` when that cannot be done.
Repair = Callable[[Session], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    One thing found.

    ``found`` and ``remedy`` are sentences: what is so, and what would be done, or why nothing can be. ``statements`` is the SQL that
    would be executed, ``losses`` name the rows that would lose values. ``repair`` is None when nothing can be done. ``next_command`` is
    what to run where this command cannot help. ``is_notice`` is whether it is only told, since nothing need be wrong: no command fails for it.
    """

    action: str
    subject: str
    found: str
    remedy: str
    statements: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    next_command: str = ""
    is_notice: bool = False
    repair: Repair | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def can_be_repaired(self) -> bool:
        """Whether there is a remedy."""
        return self.repair is not None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "action": self.action,
            "subject": self.subject,
            "found": self.found,
            "remedy": self.remedy,
            "can_be_repaired": self.can_be_repaired,
            "statements": list(self.statements),
            "losses": list(self.losses),
            "next_command": self.next_command,
            "is_notice": self.is_notice,
        }


def on_database(alias: str) -> str:
    """The option that names a database, with a space before it; empty for the default one."""
    return "" if alias == "default" else f" --database {alias}"
