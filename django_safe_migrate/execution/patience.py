"""Waiting for locks one statement at a time, where a statement that did not get its lock has done nothing and keeps nobody waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.retry import Attempts
from django_safe_migrate.execution.statements import Wrapper, text_of

if TYPE_CHECKING:
    from django_safe_migrate.execution.observer import Conduct


class Patience:
    """
    An ``execute_wrapper`` that repeats statements after a lock timeout, and lifts the timeout where waiting harms nobody.

    ``gave_up`` is true once a statement was repeated until nothing was left of the policy: nobody need try again from outside.
    """

    def __init__(self, conduct: Conduct, index: int) -> None:
        self._conduct = conduct
        self._connection = conduct.database.connection
        self._index = index
        self.gave_up = False

    def __call__(
        self, execute: Wrapper, sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        text = text_of(sql, self._connection)
        with self._conduct.database.relaxed_for(text):
            attempts = Attempts(self._conduct.retry)
            while True:
                try:
                    return execute(sql, params, many, context)
                except Exception as error:
                    self._wait_or_raise(attempts, text, error)

    def _wait_or_raise(self, attempts: Attempts, sql: str, error: Exception) -> None:
        """
        Sleep before a statement is repeated, or raise the error again.

        Outside of a transaction a statement that did not get its lock has done nothing and may be repeated. Inside one, the
        locks had so far would be held while sleeping: the whole migration is repeated instead, by the executor.
        """
        database = self._conduct.database
        if (
            self._connection.in_atomic_block
            or not database.can_repeat(sql)
            or not database.is_lock_error(error)
        ):
            raise error
        wait = attempts.next_wait()
        if wait is None:
            self.gave_up = True
            raise error
        self._conduct.emit(
            events.ATTEMPT_FAILED,
            index=self._index,
            attempt=attempts.number,
            error=describe(error),
            wait=wait,
        )
        attempts.wait(wait)
