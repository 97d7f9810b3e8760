"""Side tables on SQLite: a transaction that writes is alone, so that nothing need be locked."""

from __future__ import annotations

from django_safe_migrate.databases.side_tables import SideTables


class SQLiteSideTables(SideTables):
    """``IS`` compares with NULL in every version."""

    size = "LENGTH(CAST({} AS BLOB))"
    equal = "IS"
