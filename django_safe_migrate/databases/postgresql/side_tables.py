"""Side tables on PostgreSQL, made and put back in the transaction of the migration."""

from __future__ import annotations

from django_safe_migrate.databases.side_tables import SideTables


class PostgreSQLSideTables(SideTables):
    """Locks what is copied: the operation takes the same lock next, and what others write between the two would be lost."""

    #: As stored: compressed, and without reading what is kept outside of the row.
    size = "pg_column_size({})"

    def lock(self, table: str) -> None:
        if self.database.connection.in_atomic_block:
            self._execute(f"LOCK TABLE {self._quote(table)} IN ACCESS EXCLUSIVE MODE")

    def settle(self) -> None:
        if self.database.connection.in_atomic_block:
            # Pending trigger events would keep the operations that follow from altering the table.
            self._execute("SET CONSTRAINTS ALL IMMEDIATE")
            self._execute("SET CONSTRAINTS ALL DEFERRED")
