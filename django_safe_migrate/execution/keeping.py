"""What is asked around every operation, so that what it destroys can be kept, and what is kept put back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from django_safe_migrate.execution.errors import describe

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.execution.observer import Conduct

#: The scope of what is repeated, as the record counts it.
OPERATION = "operation"


@dataclasses.dataclass(frozen=True, slots=True)
class Undertaking:
    """An operation about to be carried out in one direction; ``before`` and ``after`` are the states around it, going forwards."""

    migration: Migration
    place: int
    operation: Operation
    backwards: bool
    editor: BaseDatabaseSchemaEditor
    before: ProjectState
    after: ProjectState


class Keeping(Protocol):
    """Keeps what operations destroy."""

    def keep(self, undertaking: Undertaking) -> None:
        """Keep what the operation is about to destroy."""

    def carry_out(self, undertaking: Undertaking, operation: Callable[[], Any]) -> Any:
        """Carry the operation out."""

    def put_back(self, undertaking: Undertaking) -> None:
        """Put back what was kept when the operation was carried out in the other direction."""


class NotKeeping:
    """Keeps nothing."""

    def keep(self, undertaking: Undertaking) -> None:
        """Do nothing."""

    def carry_out(self, undertaking: Undertaking, operation: Callable[[], Any]) -> Any:
        """Carry the operation out."""
        return operation()

    def put_back(self, undertaking: Undertaking) -> None:
        """Do nothing."""


def keep_patiently(undertaking: Undertaking, conduct: Conduct, index: int) -> None:
    """Keep what an operation destroys; where no transaction has to be undone for that, as often as its locks are not had."""
    database, attempts = conduct.database, conduct.attempts()
    while True:
        try:
            conduct.keeping.keep(undertaking)
            return
        except Exception as error:
            alone = not (database.connection.in_atomic_block and database.can_rollback_ddl)
            repeatable = alone and database.is_lock_error(error)
            wait = attempts.next_wait() if repeatable else None
            if wait is None:
                raise
            number = attempts.number
            conduct.tell_failed_attempt(OPERATION, index, number, describe(error), wait)
            attempts.wait(wait)
            conduct.before_step()
