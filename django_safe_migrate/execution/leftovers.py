"""The unusable index that a concurrent build leaves when it fails: removed, so that the build can be repeated and never passes for done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate import events
from django_safe_migrate.exceptions import MigrationFailed
from django_safe_migrate.execution.errors import describe

if TYPE_CHECKING:
    from django_safe_migrate.execution.observer import Conduct

#: Seconds that the removal after a failure may take: whoever kept the build waiting may keep it waiting as well, and the next run
#: removes what stays.
LONGEST_REMOVAL = 5.0


class Leftovers:
    """
    What statements of a step leave behind unusable.

    ``under_way`` is true while we remove something: those statements are ours, not the migration's. ``last_left_nothing`` says of the statement
    that failed last that nothing of it is left; ``last_is_harmless``, that another attempt removes by itself what is. ``unusable`` are the
    statements that would remove it.
    """

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._database = conduct.database
        self.under_way = False
        self.last_left_nothing = False
        self.last_is_harmless = False
        self.unusable: tuple[str, ...] = ()

    def remove_before(self, sql: str) -> None:
        """Remove what an earlier run, or somebody else, has left of this statement: it would fail on that, or pass it over."""
        if not self._concerns(sql):
            return
        if builder := self._database.builder(sql):
            raise MigrationFailed(
                f"Session {builder} builds this index at this moment; perhaps it is that of an earlier run whose connection was cut. "
                f"Run again when it is done, or end it: SELECT pg_terminate_backend({builder});"
            )
        for removal in self._database.leftovers(sql):
            self._conduct.emit(
                events.NOTICE,
                message=f"An invalid index was left by an earlier attempt; it is dropped and built again: {removal}",
            )
            self._remove(removal, self._conduct.concurrent_timeout)

    def remove_after(self, sql: str) -> bool:
        """Remove what this statement has left when it failed; return whether nothing of it is left now."""
        self.last_left_nothing = self._database.can_repeat(sql)
        if not self.last_left_nothing and self._concerns(sql):
            self.last_left_nothing = self._is_removed(sql)
        self.last_is_harmless = self.last_left_nothing or self._database.knows_leftovers(sql)
        return self.last_left_nothing

    def ensure_usable(self, sql: str) -> None:
        """Raise ``MigrationFailed`` when a statement that succeeded has left something unusable all the same."""
        if self._concerns(sql) and self._database.leftovers(sql):
            raise MigrationFailed(
                f"The server reported success, and the index is invalid all the same: {sql}"
            )

    def _concerns(self, sql: str) -> bool:
        in_transaction = self._database.connection.in_atomic_block
        return not (in_transaction or self.under_way or self._database.can_repeat(sql))

    def _is_removed(self, sql: str) -> bool:
        bounds = [LONGEST_REMOVAL, self._conduct.concurrent_timeout or LONGEST_REMOVAL]
        try:
            self.unusable = removals = self._database.leftovers(sql)
            for removal in removals:
                self._remove(removal, min(bounds))
            self.unusable = ()
        except (DatabaseError, InterfaceError) as error:
            self._conduct.emit(
                events.NOTICE,
                message=f"An invalid index may be left, since dropping it failed too: {describe(error)}",
            )
            return False
        # Of a statement that we cannot read, nobody knows what it leaves.
        return bool(removals) or self._database.knows_leftovers(sql)

    def _remove(self, removal: str, deadline: float | None) -> None:
        self.under_way = True
        try:
            with (
                self._database.relaxed_for(removal, deadline),
                self._database.connection.cursor() as cursor,
            ):
                cursor.execute(removal)
        finally:
            self.under_way = False
