"""
What the live database says about tables of the plan: asked at most once each, and cautious when nobody can be asked.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_safe_migrate.databases import Database
    from django_safe_migrate.databases.answers import TableSize

#: A scan or a rewrite of fewer rows than this is over in a few hundredths of a second on any server.
SMALL_TABLE_ROWS = 10_000
#: Tables with more rows than this, by the server's estimate, are not counted to tell what is lost.
COUNTED_ROWS = 1_000_000

MARIADB = "mariadb"
_OWN_TABLES = ("django_migrations", "django_safe_migrate_")


class Live:
    """Questions about tables under the names they have now; ``database`` is None when it cannot be reached or must not be asked."""

    def __init__(self, database: Database | None) -> None:
        self.database = database
        self._with_rows: dict[str, bool] = {}
        self._small: dict[str, bool] = {}
        self._estimates: dict[str, int | None] = {}
        self._filled: dict[tuple[str, str], str] = {}
        self._sizes: dict[str, TableSize | None] = {}

    @functools.cached_property
    def product(self) -> str:
        """The product where it is another than Django's vendor, else empty: spatial backends have names of their own."""
        name = "" if self.database is None else self.database.product.lower()
        return name if name == MARIADB else ""

    @functools.cached_property
    def tables(self) -> frozenset[str] | None:
        """The names of existing tables in lower case, None when unknown."""
        return (
            None
            if self.database is None
            else frozenset(table.lower() for table in self.database.tables())
        )

    @property
    def is_blank(self) -> bool:
        """Whether it is known that there is no table at all, except those that keep the history of migrations."""
        return self.tables is not None and not any(
            not table.startswith(_OWN_TABLES) for table in self.tables
        )

    def is_missing(self, table: str) -> bool:
        """Whether it is known that there is no such table; of one in another schema we know nothing."""
        return (
            self.tables is not None
            and '"' not in table
            and "." not in table
            and table.lower() not in self.tables
        )

    def has_rows(self, table: str) -> bool:
        """Whether a table may hold rows."""
        if self.database is None:
            return True
        if self.is_missing(table):
            return False
        if table not in self._with_rows:
            self._with_rows[table] = self.database.has_rows(table)
        return self._with_rows[table]

    def is_small(self, table: str) -> bool:
        """Whether it is known that a table has so few rows that reading or writing them all takes no time worth a word."""
        if self.database is None:
            return False
        if table not in self._small:
            missing = self.is_missing(table)
            self._small[table] = missing or not self.database.has_rows(table, SMALL_TABLE_ROWS)
        return self._small[table]

    def filled(self, table: str, column: str = "") -> str:
        """Say how many rows a table has, or how many hold a value in a column, as a bracketed clause; empty when unknown."""
        if self.database is None or self.is_missing(table):
            return ""
        key = table, column
        if key not in self._filled:
            self._filled[key] = self._counted(self.database, table, column)
        return self._filled[key]

    def _counted(self, database: Database, table: str, column: str) -> str:
        # A column that the plan itself has made or renamed is not there yet.
        if column and column not in database.columns(table):
            return ""
        estimate = self.estimated_rows(table)
        if estimate is not None and estimate >= COUNTED_ROWS:
            return f" (about {estimate:,} rows)"
        where = f"{database.connection.ops.quote_name(column)} IS NOT NULL" if column else ""
        count = database.count_rows(table, where)
        return f" ({count:,} row{'' if count == 1 else 's'}{' with a value' if column else ''})"

    def estimated_rows(self, table: str) -> int | None:
        """The server's estimate of a table's rows, None when it has none."""
        if self.database is None:
            return None
        if table not in self._estimates:
            self._estimates[table] = self.database.estimated_rows([table]).get(table)
        return self._estimates[table]

    def sizes(self, tables: Iterable[str]) -> dict[str, TableSize] | None:
        """Sizes of these tables without those that are missing; None when nobody can be asked, or one that exists is not known."""
        if self.database is None:
            return None
        names = [table for table in dict.fromkeys(tables) if not self.is_missing(table)]
        unasked = [table for table in names if table not in self._sizes]
        if unasked:
            found = self.database.table_sizes(unasked)
            self._sizes.update({table: found.get(table) for table in unasked})
        known = {table: size for table in names if (size := self._sizes[table]) is not None}
        return known if len(known) == len(names) else None

    @functools.cached_property
    def free_disk_bytes(self) -> int | None:
        """Free bytes where the database's files are, None when that cannot be seen from here."""
        return None if self.database is None else self.database.free_disk_bytes()

    @functools.cached_property
    def unvalidated_constraints(self) -> frozenset[str]:
        """Constraints, as ``table.constraint``, that existing rows were never checked against."""
        return (
            frozenset()
            if self.database is None
            else frozenset(self.database.unvalidated_constraints())
        )


class LiveElsewhere(Live):
    """
    The same of migrations anywhere in the history, wherever this database stands in it.

    A table that is missing here was dropped since, or is not made yet: at its time it exists and may hold rows.
    """

    @property
    def is_blank(self) -> bool:
        return False

    @property
    def free_disk_bytes(self) -> None:
        return None

    def is_missing(self, table: str) -> bool:
        return False

    def has_rows(self, table: str) -> bool:
        return super().is_missing(table) or super().has_rows(table)

    def is_small(self, table: str) -> bool:
        return not super().is_missing(table) and super().is_small(table)

    def filled(self, table: str, column: str = "") -> str:
        return "" if super().is_missing(table) else super().filled(table, column)
