"""Side tables on MariaDB and MySQL, where each of these statements commits by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_safe_migrate.databases.side_tables import SideTables, Values


class MySQLSideTables(SideTables):
    """A statement may not read the table that it writes to in a subquery, so that tables are joined."""

    size = "LENGTH({})"
    equal = "<=>"

    def copy(self, table: str, columns: Sequence[str], side: str, keys: Sequence[str]) -> None:
        """With the key at once: servers can be told to refuse tables without a primary key."""
        key = f" (PRIMARY KEY ({self._listed(keys)}))" if keys else ""
        self._execute(
            f"CREATE TABLE {self._quote(side)}{key} AS SELECT {self._listed(columns)} FROM {self._quote(table)}"  # noqa: S608 - quoted
        )

    def put_values(self, values: Values, untouched: str = "", params: Sequence[Any] = ()) -> int:
        """Join what is put back to the rows it belongs to."""
        column = self._quote(values.column)
        joins = f"JOIN {self._quote(values.side)} k ON {self._matched('k', 't', values.keys)}"
        if values.same:
            joins += f" JOIN {self._quote(values.same)} s ON {self._matched('s', 't', values.keys)}"
        conditions = [untouched] if untouched else []
        if values.reference:
            referenced = self._quote(values.reference.referenced)
            joins += (
                f" LEFT JOIN {self._quote(values.reference.table)} r ON r.{referenced} = k.{column}"
            )
            conditions.append(f"(k.{column} IS NULL OR r.{referenced} IS NOT NULL)")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return self._execute(
            f"UPDATE {self._quote(values.table)} t {joins} SET t.{column} = k.{column}{where}",  # noqa: S608 - quoted
            params,
        )
