"""Waiting for locks one statement at a time, where a statement that did not get its lock has done nothing and keeps nobody waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.interrupts import ensure_not_stopped
from django_safe_migrate.execution.leftovers import Leftovers
from django_safe_migrate.execution.savepoints import Savepoints
from django_safe_migrate.execution.statements import Wrapper, text_of

if TYPE_CHECKING:
    from django_safe_migrate.execution.observer import Conduct
    from django_safe_migrate.execution.retry import Attempts

STATEMENT = "statement"


class Patience:
    """
    An ``execute_wrapper`` that repeats statements after a lock timeout, and lifts the timeout where waiting harms nobody.

    ``gave_up`` is true once a statement was repeated until nothing was left of the policy: nobody need try again from outside.
    """

    def __init__(self, conduct: Conduct, index: int) -> None:
        self._conduct = conduct
        self._database = conduct.database
        self._connection = conduct.database.connection
        self._index = index
        self._savepoints = Savepoints(conduct.database)
        self.leftovers = Leftovers(conduct)
        self.gave_up = False

    def __call__(
        self, execute: Wrapper, sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if self.leftovers.under_way:
            return execute(sql, params, many, context)
        text = text_of(sql, self._connection)
        self.leftovers.remove_before(text)
        with self._database.relaxed_for(text, self._conduct.concurrent_timeout):
            attempts = self._conduct.attempts()
            while True:
                savepoint = self._savepoints.open(text)
                self._conduct.monitor.begin_attempt()
                try:
                    result = execute(sql, params, many, context)
                except Exception as error:
                    self._wait_or_raise(attempts, text, error, savepoint)
                    continue
                if savepoint:
                    self._savepoints.close()
                self.leftovers.ensure_usable(text)
                return result

    def _wait_or_raise(
        self, attempts: Attempts, sql: str, error: Exception, savepoint: bool
    ) -> None:
        """
        Sleep before a statement is repeated, or raise the error again.

        Outside of a transaction a statement that did not get its lock has done nothing, once its leftovers are removed, and may be repeated.
        Inside one, it may be repeated from its savepoint if no lock is held there that keeps others waiting while we sleep; else the whole
        migration is repeated, by the executor. Nothing is repeated once the plan is to stop, which is what may have ended the statement.
        """
        ensure_not_stopped()
        stop = self._conduct.stop
        if stop.is_requested:
            stop.settle()
        if not self._connection.in_atomic_block:
            is_repeatable = self.leftovers.remove_after(sql)
            stop.check(error)
        else:
            stop.check(error)
            is_repeatable = self._database.is_lock_error(error)
            is_repeatable = is_repeatable and savepoint and self._savepoints.go_back()
        if not is_repeatable or not self._database.is_lock_error(error):
            raise error
        wait = attempts.next_wait()
        if wait is None:
            self.gave_up = True
            raise error
        self._conduct.tell_failed_attempt(
            STATEMENT, self._index, attempts.number, describe(error), wait
        )
        attempts.wait(wait)
