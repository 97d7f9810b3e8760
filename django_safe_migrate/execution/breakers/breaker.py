"""What a circuit breaker is: something that is looked at now and then, and has a reason to open or none."""

from __future__ import annotations

import abc
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_safe_migrate.conf import BreakerSettings
    from django_safe_migrate.databases import Database


class Lane(enum.Enum):
    """In which thread a breaker is looked at, so that one which waits holds up no other."""

    LOCAL = "what needs no server, and answers at once"
    SERVER = "questions to the server"
    ALONE = "code of the project"


class CannotTell(Exception):
    """What a breaker looks at can never be known here; says why."""


class Breaker(abc.ABC):
    """One condition; ``look`` is called in the thread of its lane only."""

    lane = Lane.LOCAL

    def __init__(self, settings: BreakerSettings) -> None:
        self.settings = settings

    @property
    def name(self) -> str:
        """The breaker as the settings name it."""
        return self.settings.name

    @abc.abstractmethod
    def look(self, database: Database | None) -> str:
        """
        Return why the breaker is open, in a sentence; empty when it is closed.

        Args:
            database: on a connection of the thread; None where there is none, and for those that need none.

        Raises:
            CannotTell: there is nothing to be looked at.
        """

    def close(self) -> None:  # noqa: B027 - most open nothing
        """Give up what was opened for looking, in the thread that looked."""
