"""What is known of a step that raised for the last time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.stop import Stopped

if TYPE_CHECKING:
    from django.db.migrations import Migration

    from django_safe_migrate.execution.observer import Conduct, StepObserver


class StepFailed(Exception):
    """
    A step raised, for the last time.

    ``is_partial`` is true when part of it stays in the database although it is not recorded; ``completed`` are the places of the operations that
    came to their end, ``failed_half_way`` says that the one that raised has left something too. ``lost_lock`` is true when it never got a lock.
    ``stop_reason`` says why the plan was stopped; empty when it was not.
    """

    def __init__(
        self,
        migration: Migration,
        backwards: bool,
        error: Exception,
        observer: StepObserver,
        conduct: Conduct,
    ) -> None:
        self.stop_reason = conduct.stop.reason if conduct.stop.is_requested else ""
        super().__init__(_told(error, self.stop_reason))
        self.conduct = conduct
        self.migration = migration
        self.backwards = backwards
        self.error = error
        self.operation = observer.failed_operation
        self.operation_description = (
            observer.failed_description if observer.failed_operation is not None else ""
        )
        self.completed = list(observer.completed)
        rolled_back = migration.atomic and conduct.database.can_rollback_ddl
        self.is_partial = not rolled_back and observer.left_something
        self.failed_half_way = not rolled_back and observer.failed_half_way
        self.lost_lock = not self.stop_reason and conduct.database.is_lock_error(error)
        #: The statements that would remove an invalid index which it has left; the next attempt carries them out.
        self.unusable = observer.patience.leftovers.unusable
        #: Who kept it waiting at the end, as far as that was seen.
        self.blockers = conduct.monitor.blockers() if self.lost_lock else ()
        #: Whether another attempt at the whole step makes sense.
        self.is_repeatable = (
            self.lost_lock and not self.is_partial and not observer.patience.gave_up
        )

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.migration.app_label}.{self.migration.name}"


def _told(error: Exception, stop_reason: str) -> str:
    """What a step failed on: why it was stopped, with the error that this came out as where it was another one."""
    if not stop_reason or isinstance(error, Stopped):
        return stop_reason or describe(error)
    return f"{stop_reason} It ended with {describe(error)}"
