"""
What the live database says about tables of the plan: asked at most once each, and cautious when nobody can be asked.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database

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
        # A column that the plan itself has made or renamed is not there yet.
        if column and column not in self.database.columns(table):
            return ""
        estimate = self.estimated_rows(table)
        if estimate is not None and estimate >= COUNTED_ROWS:
            return f" (about {estimate:,} rows)"
        where = f"{self.database.connection.ops.quote_name(column)} IS NOT NULL" if column else ""
        count = self.database.count_rows(table, where)
        return f" ({count:,} row{'' if count == 1 else 's'}{' with a value' if column else ''})"

    def estimated_rows(self, table: str) -> int | None:
        """The server's estimate of a table's rows, None when it has none."""
        if self.database is None:
            return None
        if table not in self._estimates:
            self._estimates[table] = self.database.estimated_rows([table]).get(table)
        return self._estimates[table]

    @functools.cached_property
    def unvalidated_constraints(self) -> frozenset[str]:
        """Constraints, as ``table.constraint``, that existing rows were never checked against."""
        return (
            frozenset()
            if self.database is None
            else frozenset(self.database.unvalidated_constraints())
        )
