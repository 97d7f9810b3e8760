"""The questions about statements that did not get their lock: what they left behind, and how far to go back before they are repeated."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class RepeatingQuestions:
    """What a database can do to repeat a statement; this one knows only that a statement that failed has left nothing behind."""

    @contextlib.contextmanager
    def relaxed_for(self, sql: str, deadline: float | None = None) -> Iterator[None]:
        """
        Lift the lock timeout around a statement that waits for others without blocking anyone.

        ``deadline`` bounds such a statement as a whole, in seconds; None leaves the server's setting.
        """
        yield

    def can_repeat(self, sql: str) -> bool:
        """Whether this statement, having failed to get its lock outside of a transaction, has left nothing behind."""
        return True

    def leftovers(self, sql: str) -> tuple[str, ...]:
        """Return the statements that remove what earlier attempts at this one, by whomever, have left behind unusable."""
        return ()

    def builder(self, sql: str) -> str:
        """Return the session that carries out at this moment what this statement would begin; empty when none does."""
        return ""

    def knows_leftovers(self, sql: str) -> bool:
        """Whether ``leftovers`` tells all that this statement can leave behind unusable."""
        return self.can_repeat(sql)

    #: Whether a transaction can go back to before one of its statements, and gives back the locks that this statement got.
    savepoints_release_locks = False

    def holds_locks_others_need(self) -> bool:
        """
        Whether the open transaction of our connection holds locks for which others may wait; asked on another connection.

        What only that transaction sees, such as tables that it created, does not count.
        """
        return True
