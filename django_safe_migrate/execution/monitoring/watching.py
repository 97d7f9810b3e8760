"""What the executor tells a monitor, and asks of it; the one that watches nothing answers the same."""

from __future__ import annotations

from django_safe_migrate.databases.activity import Blocker


class Watching:
    """The executor's side of a monitor."""

    def begin_step(self, index: int, lock_timeout: float | None) -> None:
        """Say that a step begins: its place in the plan, and the seconds that its statements wait for locks at most."""

    def begin_attempt(self) -> None:
        """Say that a statement is about to be tried: who was in the way before is forgotten."""

    def is_still_blocked(self) -> bool | None:
        """Return whether those who kept the last attempt waiting are still there; None when that is not known."""
        return None

    def blockers(self) -> tuple[Blocker, ...]:
        """Return who kept the last attempt waiting, as far as that was seen."""
        return ()


class NotWatching(Watching):
    """Watches nothing."""
