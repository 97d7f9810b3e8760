"""Timeouts of a SQLite connection: for locks its own, for statements a clock that the engine looks at while it works."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.utils import OperationalError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Instructions of SQLite's virtual machine between two looks at the clock: some hundred microseconds of work.
_INSTRUCTIONS = 20_000


@contextlib.contextmanager
def busy_timeout(connection: BaseDatabaseWrapper, seconds: float | None) -> Iterator[None]:
    """Wait at most so long for the lock of the file."""
    if seconds is None:
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    previous = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    raw.execute(f"PRAGMA busy_timeout = {math.ceil(seconds * 1000)}")
    try:
        yield
    finally:
        if connection.connection is raw:
            raw.execute(f"PRAGMA busy_timeout = {int(previous)}")


@contextlib.contextmanager
def statement_timeout(connection: BaseDatabaseWrapper, seconds: float | None) -> Iterator[None]:
    """Interrupt a statement that runs longer; COMMIT, which Django does not send as a statement, is never interrupted."""
    if seconds is None:
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    clock = _Clock(seconds)
    raw.set_progress_handler(clock.is_over, _INSTRUCTIONS)
    try:
        with connection.execute_wrapper(clock):
            yield
    finally:
        if connection.connection is raw:
            raw.set_progress_handler(None, 0)


class _Clock:
    """Measures each statement; rows that are fetched later count as part of theirs."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline: float | None = None

    def is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        self.deadline = time.monotonic() + self.seconds
        try:
            result = execute(sql, params, many, context)
        except OperationalError as error:
            over = self.is_over()
            self.deadline = None
            if over and "interrupted" in str(error):
                raise OperationalError(
                    f"The statement ran longer than its timeout of {self.seconds:g} s."
                ) from error
            raise
        if context["cursor"].description is None:
            self.deadline = None
        return result
