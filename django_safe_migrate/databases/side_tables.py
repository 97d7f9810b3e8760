"""
Side tables: copies of columns or of whole tables in the same database, made with SQL alone, so that no value of a row leaves the server.

The base class speaks the SQL that every vendor of Django understands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: Who makes side tables, by Django's ``connection.vendor``.
SIDE_TABLES = {
    "mysql": "django_safe_migrate.databases.mysql.side_tables.MySQLSideTables",
    "postgresql": "django_safe_migrate.databases.postgresql.side_tables.PostgreSQLSideTables",
    "sqlite": "django_safe_migrate.databases.sqlite.side_tables.SQLiteSideTables",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A column whose values must be found in a column of another table."""

    column: str
    table: str
    referenced: str


@dataclasses.dataclass(frozen=True, slots=True)
class Values:
    """One column to be put back from a side table into the rows of the same key; ``same`` names a table of the keys that may be written."""

    table: str
    column: str
    side: str
    keys: tuple[str, ...]
    reference: Reference | None = None
    same: str = ""


class SideTables:
    """Makes side tables and puts back what is in them; names are quoted here."""

    #: An expression for the bytes of a value; empty where that is not known.
    size = ""
    #: The comparison that takes NULL for equal to NULL.
    equal = "IS NOT DISTINCT FROM"

    def __init__(self, database: Database) -> None:
        self.database = database
        self._quote = database.connection.ops.quote_name

    def lock(self, table: str) -> None:
        """Let nobody write to a table, or read it, until the transaction that is open ends; where there is such a lock."""

    def settle(self) -> None:
        """Check now what is to be checked when the transaction ends: until then no table with such a check can be altered."""

    def bytes_of(self, table: str, columns: Sequence[str]) -> int | None:
        """Return the bytes that the values of columns take; reads every row."""
        if not self.size:
            return None
        total = " + ".join(f"COALESCE({self.size.format(self._quote(one))}, 0)" for one in columns)
        rows = self.database.ask(f"SELECT SUM({total}) FROM {self._quote(table)}")  # noqa: S608 - quoted
        return int(rows[0][0] or 0)

    def has_values(self, table: str, column: str) -> bool:
        """Whether any row has a value in a column."""
        return bool(
            self.database.ask(
                f"SELECT 1 FROM {self._quote(table)} WHERE {self._quote(column)} IS NOT NULL LIMIT 1"  # noqa: S608 - quoted
            )
        )

    def copy(self, table: str, columns: Sequence[str], side: str, keys: Sequence[str]) -> None:
        """Make a side table of some columns of every row."""
        self._execute(
            f"CREATE TABLE {self._quote(side)} AS SELECT {self._listed(columns)} FROM {self._quote(table)}"  # noqa: S608 - quoted
        )
        self._index(side, keys)

    def copy_unchanged(self, values: Values, made: str, same: str) -> None:
        """Make a table of the keys of rows whose column still holds what ``made`` has kept of it."""
        column = self._quote(values.column)
        keys = ", ".join(f"m.{self._quote(key)}" for key in values.keys)
        self._execute(
            f"CREATE TABLE {self._quote(same)} AS SELECT {keys} FROM {self._quote(made)} m "  # noqa: S608 - quoted
            f"JOIN {self._quote(values.table)} t ON {self._matched('m', 't', values.keys)} "
            f"WHERE t.{column} {self.equal} m.{column}"
        )
        self._index(same, values.keys)

    def drop(self, side: str) -> None:
        """Drop a side table, if it is there."""
        self._execute(f"DROP TABLE IF EXISTS {self._quote(side)}")

    def count_missing(self, left: str, right: str, keys: Sequence[str]) -> int:
        """Return how many rows of one table have no row of the same key in the other."""
        rows = self.database.ask(
            f"SELECT COUNT(*) FROM {self._quote(left)} l WHERE NOT EXISTS "  # noqa: S608 - quoted
            f"(SELECT 1 FROM {self._quote(right)} r WHERE {self._matched('l', 'r', keys)})"
        )
        return int(rows[0][0])

    def put_values(self, values: Values, untouched: str = "", params: Sequence[Any] = ()) -> int:
        """
        Put a column back; return how many rows were written.

        Args:
            values: what is put back, and where.
            untouched: a condition on ``t``, the table, that rows have to meet.
            params: of that condition.
        """
        table, column = self._quote(values.table), self._quote(values.column)
        found = f"FROM {self._quote(values.side)} k WHERE {self._matched('k', table, values.keys)}"
        conditions = [
            f"EXISTS (SELECT 1 {found}{self._referring(values)})",
            *self._same(values, table),
        ]
        if untouched:
            conditions.append(untouched.replace("t.", f"{table}.", 1))
        return self._execute(
            f"UPDATE {table} SET {column} = (SELECT k.{column} {found}) WHERE {' AND '.join(conditions)}",  # noqa: S608 - quoted
            params,
        )

    def put_rows(
        self,
        table: str,
        columns: Sequence[str],
        side: str,
        keys: Sequence[str],
        references: Iterable[Reference] = (),
        without: str = "",
    ) -> int:
        """Insert the rows of a side table whose keys are not there, nor in the table ``without``, and what they refer to is; return how many."""
        conditions = [self._is_there(one, side) for one in references]
        for other in filter(None, (table if keys else "", without)):
            conditions.append(
                f"NOT EXISTS (SELECT 1 FROM {self._quote(other)} t WHERE {self._matched('t', 'k', keys)})"  # noqa: S608 - quoted
            )
        listed = ", ".join(f"k.{self._quote(one)}" for one in columns)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return self._execute(
            f"INSERT INTO {self._quote(table)} ({self._listed(columns)}) SELECT {listed} FROM {self._quote(side)} k{where}"  # noqa: S608 - quoted
        )

    # --- parts of statements --------------------------------------------------------------------------------------------------

    def _index(self, side: str, keys: Sequence[str]) -> None:
        if keys:
            self._execute(
                f"CREATE UNIQUE INDEX {self._quote(side + '_key')} ON {self._quote(side)} ({self._listed(keys)})"
            )

    def _referring(self, values: Values) -> str:
        return f" AND {self._is_there(values.reference)}" if values.reference else ""

    def _same(self, values: Values, table: str) -> list[str]:
        if not values.same:
            return []
        found = self._matched("s", table, values.keys)
        return [f"EXISTS (SELECT 1 FROM {self._quote(values.same)} s WHERE {found})"]  # noqa: S608 - quoted

    def _is_there(self, reference: Reference, side: str = "") -> str:
        """The condition that what a row of ``k`` refers to exists, or is put back together with it."""
        column, referenced = self._quote(reference.column), self._quote(reference.referenced)
        tables = [self._quote(reference.table), *([self._quote(side)] if side else [])]
        there = " OR ".join(
            f"EXISTS (SELECT 1 FROM {one} r WHERE r.{referenced} = k.{column})"  # noqa: S608 - quoted
            for one in tables
        )
        return f"(k.{column} IS NULL OR {there})"

    def _matched(self, left: str, right: str, keys: Sequence[str]) -> str:
        return " AND ".join(
            f"{left}.{self._quote(key)} = {right}.{self._quote(key)}" for key in keys
        )

    def _listed(self, columns: Iterable[str]) -> str:
        return ", ".join(self._quote(one) for one in columns)

    def _execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        with self.database.connection.cursor() as cursor:
            cursor.execute(sql, list(params) or None)
            return max(int(cursor.rowcount), 0)


def side_tables(database: Database) -> SideTables:
    """Return who makes side tables in a database."""
    path = SIDE_TABLES.get(database.vendor)
    found: type[SideTables] = import_string(path) if path else SideTables
    return found(database)
