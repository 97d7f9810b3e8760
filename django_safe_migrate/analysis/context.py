"""What a rule sees besides the operation or change that it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate.analysis.location import operation_line
from django_safe_migrate.sql import OperationSQL

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.live import Live
    from django_safe_migrate.analysis.schema import Schema
    from django_safe_migrate.analysis.so_far import SoFar
    from django_safe_migrate.analysis.walking import Part
    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import PlannedMigration


class Context:
    """
    The surroundings of one operation of a plan; the engine makes one per migration and moves it along.

    ``changes`` are those of the migration before the present operation, in the order of execution. ``sql`` is the collected SQL of
    the migration, None when nobody asked for it.
    """

    def __init__(
        self,
        planned: PlannedMigration,
        *,
        schema: Schema,
        live: Live,
        so_far: SoFar,
        sql: tuple[OperationSQL, ...] | None,
    ) -> None:
        self.planned = planned
        self.schema = schema
        self.live = live
        self.sql = sql
        self.changes: list[Change] = []
        self._so_far = so_far
        self._part: Part | None = None

    def move_to(self, part: Part | None) -> None:
        """Make this operation the present one; None when the migration as a whole is looked at."""
        self._part = part

    # --- where we are -------------------------------------------------------------------------------------------------------

    @property
    def backwards(self) -> bool:
        """Whether the migration is unapplied."""
        return self.planned.backwards

    @property
    def app_label(self) -> str:
        """The app of the migration."""
        return self.planned.app_label

    @property
    def operation(self) -> Operation:
        """The present operation; nested ones are seen one by one."""
        return self._present.operation

    @property
    def before(self) -> ProjectState:
        """The project state that the database is in when the operation starts."""
        return self._present.later if self.backwards else self._present.earlier

    @property
    def after(self) -> ProjectState:
        """The project state that the database is in when the operation is done."""
        return self._present.earlier if self.backwards else self._present.later

    @property
    def is_nested(self) -> bool:
        """Whether the present operation is a part of a ``SeparateDatabaseAndState``."""
        return self._present.is_nested

    @property
    def _present(self) -> Part:
        if self._part is None:
            raise LookupError("A check of a whole migration has no present operation.")
        return self._part

    def place(self) -> dict[str, Any]:
        """The fields of a finding that say where it was found."""
        if self._part is None:
            return {"file": self.planned.file}
        planned = self._part.planned
        line = operation_line(self.planned.file, planned.index)
        return {
            "file": self.planned.file,
            "line": line,
            "operation": self._part.operation.describe(),
        }

    # --- the database -------------------------------------------------------------------------------------------------------

    @property
    def vendor(self) -> str:
        """Django's name of the database's vendor."""
        return str(self.schema.connection.vendor)

    @property
    def product(self) -> str:
        """The vendor, or ``mariadb`` where the connection says so."""
        return self.live.product or self.vendor

    @property
    def database(self) -> Database | None:
        """The live database, None when it cannot be asked."""
        return self.live.database

    @property
    def runs_in_transaction(self) -> bool:
        """Whether the whole migration is one transaction, schema changes included."""
        return bool(
            self.planned.migration.atomic and self.schema.connection.features.can_rollback_ddl
        )

    def is_new(self, table: str) -> bool:
        """Whether the plan makes this table: nobody uses it yet, and it holds nothing."""
        return self._so_far.is_new(table)

    def is_empty(self, table: str) -> bool:
        """Whether it is known that a table has no rows."""
        return self.is_new(table) or not self.live.has_rows(self._so_far.live_name(table))

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

    def quoted(self, name: str) -> str:
        """A name as SQL writes it."""
        return self.schema.connection.ops.quote_name(name)

    # --- SQL ----------------------------------------------------------------------------------------------------------------

    @property
    def operation_sql(self) -> OperationSQL | None:
        """The SQL of the present operation, None when nobody asked for it."""
        index = self._present.planned.index
        return next((found for found in self.sql or () if found.index == index), None)
