"""Ending the statement that a connection executes, from another thread than the one that waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Cancel = Callable[[], None]
#: Seconds that it may take to reach the server for it.
REACH_SECONDS = 2


class CancellingQuestions:
    """What a database can do about a statement that runs; this one can only wait for its end."""

    connection: BaseDatabaseWrapper

    def statement_canceller(self) -> Cancel | None:
        """
        Return what cancels the statement that our connection executes at the moment of the call; None where nothing can.

        To be made in the thread of the connection, and to be called in any thread. It serves the session that replaces a lost one as well,
        never touches another session, and does nothing when no statement runs. It takes a few seconds at most, and raises the driver's error when
        the server cannot be reached. That it was called does not say that the statement is over: it ends with an error in its own thread.
        """
        return None
