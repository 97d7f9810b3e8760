"""What the part of the plan before an operation has done to tables: new ones, new names, constraints not checked yet."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from django_safe_migrate.analysis import changes

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.live import Live


class SoFar:
    """Tables as the plan has left them at this point."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._created: set[str] = set()
        self._live_names: dict[str, str] = {}
        self._unvalidated: set[tuple[str, str]] = set()
        self._validated: set[tuple[str, str]] = set()

    def is_new(self, table: str) -> bool:
        """Whether the table does not exist in the database yet: nobody uses it, and it holds nothing."""
        return table in self._created or self._live.is_missing(self.live_name(table))

    def live_name(self, table: str) -> str:
        """The name that a table has in the database now."""
        return self._live_names.get(table, table)

    def is_validated(self, table: str, constraint: str) -> bool:
        """Whether every row is known to satisfy a constraint."""
        key = (table, constraint)
        if key in self._unvalidated:
            return False
        return (
            key in self._validated
            or f"{self.live_name(table)}.{constraint}" not in self._live.unvalidated_constraints
        )

    @functools.singledispatchmethod
    def note(self, change: Change) -> None:
        """Take a change into account."""

    @note.register
    def _(self, change: changes.TableCreated) -> None:
        self._created.add(change.table)

    @note.register
    def _(self, change: changes.TableDropped) -> None:
        self._created.discard(change.table)
        self._live_names.pop(change.table, None)

    @note.register
    def _(self, change: changes.TableRenamed) -> None:
        if change.table in self._created:
            self._created.discard(change.table)
            self._created.add(change.new_table)
            return
        self._live_names[change.new_table] = self._live_names.pop(change.table, change.table)

    @note.register
    def _(self, change: changes.ConstraintAdded) -> None:
        key = (change.table, change.constraint.name)
        (self._unvalidated if change.not_valid else self._validated).add(key)

    @note.register
    def _(self, change: changes.ConstraintValidated) -> None:
        self._unvalidated.discard((change.table, change.name))
        self._validated.add((change.table, change.name))
