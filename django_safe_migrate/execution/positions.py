"""Writing down where the database's log is before a plan and after each of its migrations, so that one can go back to there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate import events
from django_safe_migrate.execution.errors import describe

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit

AUTO, ALWAYS, NEVER = "auto", "always", "never"
#: Digits of a run's id in the name of a restore point, which may have 63 characters.
ID_DIGITS = 12


class Positions:
    """Records positions for one run; what goes wrong with that is told once and fails nothing."""

    def __init__(self, database: Database, emit: Emit, run_id: str, when: str) -> None:
        """
        Args:
            database: outside of a transaction whenever a position is recorded.
            emit: told each position.
            run_id: makes the names of restore points unique.
            when: auto, always (also where the server archives no log itself) or never.
        """
        self._database = database
        self._emit = emit
        self._prefix = f"safe_migrate_{run_id.replace('-', '')[:ID_DIGITS]}"
        self._when = when
        self._told = False

    def before(self) -> dict[str, Any] | None:
        """Record where the log is before anything is changed; return whether a point in time is possible, None where nothing is known."""
        if self._when == NEVER:
            return None
        try:
            found = self._database.point_in_time()
        except (DatabaseError, InterfaceError) as error:
            self._tell(f"Whether a point in time is possible is not known: {describe(error)}")
            return None
        if found is None:
            return None
        self._record(None, f"{self._prefix}_before")
        return {"possible": found.possible, "why": found.why}

    def after(self, index: int) -> None:
        """Record where the log is once the migration at this place of the plan is committed."""
        if self._when != NEVER:
            self._record(index, f"{self._prefix}_after_{index + 1}")

    def _record(self, index: int | None, name: str) -> None:
        try:
            position = self._database.position(name, always=self._when == ALWAYS)
        except (DatabaseError, InterfaceError) as error:
            # A connection that is gone is noticed before the next migration.
            self._tell(f"The position in the log was not recorded: {describe(error)}")
            return
        if position is None:
            return
        if position.remark:
            self._tell(f"Positions are recorded without restore points: {position.remark}.")
        self._emit(events.POSITION_RECORDED, index=index, position=position.to_json())

    def _tell(self, message: str) -> None:
        if not self._told:
            self._told = True
            self._emit(events.NOTICE, message=message)
