"""
What a run could not do, one class per exit code.

* SafeMigrateError            1   base class
  + UnsafePlan                3   blocking findings; nothing was touched
  + BackupFailed              4   no verified backup; nothing was touched
  + RehearsalFailed           5   it failed on the copy; the real database was not touched
  + LockNotAcquired           6   another run holds the database, or a blocker never left
  + MigrationFailed           7   the real database may be part-way
  + VerificationFailed        8   applied, but the result is not what was planned
  + Interrupted             130   stopped by SIGINT (143 by SIGTERM, 129 by SIGHUP)

Wrong settings raise ``django.core.exceptions.ImproperlyConfigured``. A hazard in the user's migrations is not an
exception but a finding.
"""

from __future__ import annotations

__all__ = [
    "BackupFailed",
    "Interrupted",
    "LockNotAcquired",
    "MigrationFailed",
    "RehearsalFailed",
    "SafeMigrateError",
    "UnsafePlan",
    "VerificationFailed",
]

NOT_CHANGED = "The database was not changed."
#: What Python does not say of a ``MemoryError``.
MEMORY_REFUSED = "this process was refused more memory: the machine has none left, or a limit such as ulimit -v forbids it"


class SafeMigrateError(Exception):
    """
    A run, or a command of ours, could not do what was asked.

    Args:
        message: what happened, in full sentences that name the input.
        changed: whether the real database was changed, in one sentence.
        next_command: the exact command to run next, without the leading ``manage.py``; empty when there is none.
    """

    exit_code = 1
    default_changed = NOT_CHANGED

    def __init__(self, message: str, *, changed: str = "", next_command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.changed = changed or self.default_changed
        self.next_command = next_command

    def __str__(self) -> str:
        lines = [self.message, self.changed]
        if self.next_command:
            lines.append(f"Next: python manage.py {self.next_command}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, str]:
        """Return plain data for the record."""
        return {
            "type": type(self).__name__,
            "message": self.message,
            "changed": self.changed,
            "next_command": self.next_command,
        }


class UnsafePlan(SafeMigrateError):
    """Findings block the plan."""

    exit_code = 3


class BackupFailed(SafeMigrateError):
    """A backup could not be made, verified or restored."""

    exit_code = 4


class RehearsalFailed(SafeMigrateError):
    """The plan failed on the restored copy."""

    exit_code = 5


class LockNotAcquired(SafeMigrateError):
    """Another run holds the database, or another session holds a table we need."""

    exit_code = 6


class MigrationFailed(SafeMigrateError):
    """A migration raised; what it left behind is said in ``changed``."""

    exit_code = 7
    default_changed = "The database may be part-way: run migrate_status to see what is applied."


class VerificationFailed(SafeMigrateError):
    """The plan was carried out, and the result is not what was planned."""

    exit_code = 8
    default_changed = "The database was changed: every planned migration is applied."


class Interrupted(SafeMigrateError):
    """
    A signal of the operating system stopped the run.

    Args:
        signal_number: the signal received; the exit code is 128 plus this, as shells report it.
    """

    exit_code = 130

    def __init__(
        self, message: str, *, signal_number: int, changed: str = "", next_command: str = ""
    ) -> None:
        super().__init__(message, changed=changed, next_command=next_command)
        self.exit_code = 128 + signal_number
