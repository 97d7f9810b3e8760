"""Mending invalid indexes on PostgreSQL, where a failed ``CREATE INDEX CONCURRENTLY`` leaves one behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: Whoever builds, rebuilds or drops an index concurrently holds this lock on its table to the end; so does a VACUUM, which is over sooner or later.
BUILDERS = """
    SELECT DISTINCT l.pid
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class t ON t.oid = l.relation
    JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND t.relname = %s AND pg_catalog.pg_table_is_visible(t.oid)
      AND l.pid <> pg_catalog.pg_backend_pid() AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
    ORDER BY 1
"""
#: What comes after the table's name in the definition of an index.
DEFINITION = """
    SELECT i.indisunique, pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING .*')
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE x.relname = %s AND x.relkind = 'I' AND pg_catalog.pg_table_is_visible(x.oid)
"""
#: The partitions of which no index is attached, and whether each has partitions in its turn.
LACKING = """
    SELECT c.relname::text, c.relkind = 'p'
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_inherits h ON h.inhparent = i.indrelid
    JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
    WHERE x.relname = %s AND pg_catalog.pg_table_is_visible(x.oid) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_inherits a JOIN pg_catalog.pg_index p ON p.indexrelid = a.inhrelid
        WHERE a.inhparent = i.indexrelid AND p.indrelid = c.oid
    )
    ORDER BY 1
"""
#: The longest name that PostgreSQL keeps whole.
MAX_NAME = 63


class PostgreSQLIndexRepair:
    """https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY"""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._quote = database.connection.ops.quote_name

    def rebuild(self, index: str) -> str:
        return f"REINDEX INDEX CONCURRENTLY {self._quote(index)}"

    def drop(self, index: str) -> str:
        return f"DROP INDEX CONCURRENTLY IF EXISTS {self._quote(index)}"

    def builders(self, table: str) -> tuple[str, ...]:
        return tuple(
            str(pid) for (pid,) in self._database.ask_if_permitted(BUILDERS, [table]) or ()
        )

    def attachments(self, index: str) -> tuple[str, ...] | None:
        definition = self._database.ask(DEFINITION, [index])
        if not definition:
            return None
        unique, rest = definition[0]
        statements: list[str] = []
        for partition, has_partitions in self._database.ask(LACKING, [index]):
            if has_partitions:
                return ()
            own = self._quote(f"{partition[:31]}_{index}"[:MAX_NAME])
            kind = "UNIQUE INDEX" if unique else "INDEX"
            statements += (
                f"CREATE {kind} CONCURRENTLY {own} ON {self._quote(partition)}{rest}",
                f"ALTER INDEX {self._quote(index)} ATTACH PARTITION {own}",
            )
        return tuple(statements)
