"""What a rule asks about tables: as the plan has left them, and as the database has them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.live import Live
    from django_safe_migrate.analysis.so_far import SoFar


class TableQuestions:
    """Questions about tables under the names that the plan has given them."""

    def __init__(self, live: Live, so_far: SoFar) -> None:
        self.live = live
        self._so_far = so_far

    @property
    def released(self) -> ProjectState:
        """The state before the whole plan: that of the release which still runs."""
        return self._so_far.released

    @property
    def plan_changes(self) -> Sequence[Change]:
        """The changes that this deployment makes before the present one, in the order of execution: those of earlier migrations too."""
        return self._so_far.changes

    def is_new(self, table: str) -> bool:
        """Whether the plan makes this table: nobody uses it yet, and it holds nothing."""
        return self._so_far.is_new(table)

    def is_new_column(self, table: str, column: str) -> bool:
        """Whether the plan adds this column to a table: the release that still runs does not know it."""
        return self._so_far.is_new_column(table, column)

    def live_name(self, table: str) -> str:
        """The name that a table has in the database, and in the release that still runs."""
        return self._so_far.live_name(table)

    def is_empty(self, table: str) -> bool:
        """Whether it is known that a table has no rows."""
        if self.is_new(table) or self._so_far.is_empty(table):
            return True
        return not self.live.has_rows(self._so_far.live_name(table))

    def is_small(self, table: str) -> bool:
        """Whether it is known that a table has so few rows that a lock held for all of them is short."""
        return self.is_new(table) or self.live.is_small(self._so_far.live_name(table))

    def filled(self, table: str, column: str = "") -> str:
        """Say how many rows a table has, or how many hold a value in a column; empty for a new or unknown table."""
        return "" if self.is_new(table) else self.live.filled(self._so_far.live_name(table), column)

    def estimated_rows(self, table: str) -> int | None:
        """The server's estimate of a table's rows, None when it has none; 0 for a new table."""
        return 0 if self.is_new(table) else self.live.estimated_rows(self._so_far.live_name(table))

    def is_validated(self, table: str, constraint: str) -> bool:
        """Whether every row is known to satisfy a constraint."""
        return self._so_far.is_validated(table, constraint)
