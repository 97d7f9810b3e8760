"""Repeating one operation that did not get its locks, where nothing but the operation has to be undone for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.savepoints import OperationStart

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

    from django_safe_migrate.execution.observer import Conduct
    from django_safe_migrate.execution.patience import Patience
    from django_safe_migrate.execution.remains import Remains

OPERATION = "operation"


class Repetition:
    """
    The attempts at one operation.

    Outside of a migration's own transaction the operations before this one stay, so only this one may be repeated, and only if it has left nothing
    behind: its transaction was rolled back, or it had not changed anything yet. Inside of one, the executor repeats the whole migration.
    """

    def __init__(
        self, conduct: Conduct, index: int, patience: Patience, editor: BaseDatabaseSchemaEditor
    ) -> None:
        self._conduct = conduct
        self._index = index
        self._patience = patience
        self._start = OperationStart(conduct.database, editor)
        self._attempts = conduct.attempts()

    def carry_out(self, operation: Callable[[], Any], remains: Remains) -> Any:
        """Carry the operation out, as often as its locks are not had and the policy allows."""
        while True:
            try:
                return operation()
            except Exception as error:
                if not self._is_repeatable(error, remains):
                    raise
                wait = self._attempts.next_wait()
                if wait is None:
                    self._patience.gave_up = True
                    raise
                self._go_back_and_wait(error, wait)

    def _is_repeatable(self, error: Exception, remains: Remains) -> bool:
        return (
            self._start.is_alone
            and not self._conduct.stop.is_requested
            and not remains.after_failure
            and not self._patience.gave_up
            and self._conduct.database.is_lock_error(error)
        )

    def _go_back_and_wait(self, error: Exception, wait: float) -> None:
        self._start.go_back()
        self._conduct.tell_failed_attempt(
            OPERATION, self._index, self._attempts.number, describe(error), wait
        )
        self._attempts.wait(wait)
        self._conduct.before_step()
