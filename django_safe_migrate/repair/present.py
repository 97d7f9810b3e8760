"""Which facets the catalogue of the server confirms, at the moment of asking."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases import live_catalogue
from django_safe_migrate.databases.facts import Catalogue
from django_safe_migrate.databases.statements import Default
from django_safe_migrate.repair.facets import Facet, Kind, canonical

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases import Database
    from django_safe_migrate.databases.statements import ColumnDefinition


class Present:
    """
    What a database has; a table is read once, so what changes later is not seen: make another one.

    Args:
        database: that is asked; nothing of it is changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.connection
        self._catalogue = live_catalogue(database)
        self._fold = str.casefold if self._connection.features.ignores_table_name_case else str
        self._tables = {self._fold(name): name for name in database.tables()}
        self._constraints: dict[str, dict[str, dict[str, Any]]] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._descriptions: dict[str, dict[str, Any]] = {}
        self._comments: dict[str, str] | None = None
        self._invalid = frozenset(database.invalid_indexes())

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """Django's connection to the database."""
        return self._connection

    def spelled(self, kind: str) -> str:
        """Return a type in the spelling that ``type_of`` has."""
        return canonical(kind, self._database)

    @property
    def knows_columns(self) -> bool:
        """Whether types, NOT NULL and defaults of columns are known."""
        return type(self._catalogue) is not Catalogue

    def has(self, facet: Facet) -> bool:
        """Whether a facet is so."""
        if not self.has_table(facet.table):
            return False
        if facet.kind is Kind.TABLE:
            return True
        return bool(_CONFIRM[facet.kind](self, facet))

    def missing(self, facets: Iterable[Facet]) -> frozenset[Facet]:
        """Return those facets that are not so."""
        return frozenset(facet for facet in facets if not self.has(facet))

    def has_table(self, table: str) -> bool:
        """Whether there is such a table."""
        return self._fold(table) in self._tables

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table that is there."""
        name = self._tables[self._fold(table)]
        if name not in self._columns:
            self._columns[name] = tuple(self._database.columns(name))
        return self._columns[name]

    def column(self, table: str, column: str) -> ColumnDefinition | None:
        """A column as it is, None when it is not there or not known."""
        name = self._tables.get(self._fold(table), table)
        return self._catalogue.column(name, column)

    def type_of(self, table: str, column: str) -> str:
        """The type of a column in one spelling; empty when it is not known."""
        found = self.column(table, column)
        return canonical(found.type, self._database) if found is not None else ""

    def constraints(self, table: str) -> dict[str, dict[str, Any]]:
        """Indexes and constraints by name, as Django's introspection tells them."""
        name = self._tables[self._fold(table)]
        if name not in self._constraints:
            with self._connection.cursor() as cursor:
                found: Any = self._connection.introspection.get_constraints(cursor, name)
            self._constraints[name] = {
                key: value for key, value in found.items() if f"{name}.{key}" not in self._invalid
            }
        return self._constraints[name]

    def foreign_keys_of(self, table: str, column: str) -> list[str]:
        """The names of the foreign keys that a column has."""
        return [
            name
            for name, found in self.constraints(table).items()
            if found["foreign_key"] and self._same(found["columns"], (column,))
        ]

    # --- one kind each ------------------------------------------------------------------------------------------------------

    def has_column(self, table: str, column: str) -> bool:
        """Whether a table that is there has a column."""
        names = {*self.columns(table), *self._database.implicit_columns}
        return self._fold(column) in {self._fold(name) for name in names}

    def _type(self, facet: Facet) -> bool:
        return self.type_of(facet.table, facet.columns[0]) == facet.value

    def _not_null(self, facet: Facet) -> bool:
        found = self.column(facet.table, facet.columns[0])
        return found is not None and (not found.null or found.primary_key)

    def _default(self, facet: Facet) -> bool:
        return self.default_of(facet.table, facet.columns[0]) is not Default.NONE

    def default_of(self, table: str, column: str) -> Default:
        """What fills a column that an INSERT does not name."""
        found = self.column(table, column)
        return found.default if found is not None else Default.NONE

    def collation_of(self, table: str, column: str) -> str:
        """The collation of a column; empty when it is the default one or not known."""
        found = self.column(table, column)
        if found is not None and found.collation:
            return found.collation
        return str(getattr(self._description(table).get(self._fold(column)), "collation", "") or "")

    def comment_of(self, table: str, column: str = "") -> str:
        """The comment of a column, or of the table; empty without one."""
        if column:
            found = self._description(table).get(self._fold(column))
            return str(getattr(found, "comment", "") or "")
        if self._comments is None:
            with self._connection.cursor() as cursor:
                told: Any = self._connection.introspection.get_table_list(cursor)
            self._comments = {self._fold(one.name): str(one.comment or "") for one in told}
        return self._comments.get(self._fold(table), "")

    def _description(self, table: str) -> dict[str, Any]:
        """The columns of a table as Django's introspection describes them."""
        name = self._tables.get(self._fold(table), table)
        if name not in self._descriptions:
            with self._connection.cursor() as cursor:
                told: Any = self._connection.introspection.get_table_description(cursor, name)
            self._descriptions[name] = {self._fold(one.name): one for one in told}
        return self._descriptions[name]

    def _collation(self, facet: Facet) -> bool:
        found = self.collation_of(facet.table, facet.columns[0])
        return _plain_collation(found) == _plain_collation(facet.value)

    def _check(self, facet: Facet) -> bool:
        return any(
            # A condition may name its column more than once.
            found["check"] and self._same(dict.fromkeys(found["columns"] or ()), facet.columns)
            for found in self.constraints(facet.table).values()
        )

    def _unique(self, facet: Facet) -> bool:
        return any(
            (found["unique"] or found["primary_key"])
            and self._same(found["columns"] or (), facet.columns)
            for found in self.constraints(facet.table).values()
        )

    def _field_index(self, facet: Facet) -> bool:
        found = [
            one
            for one in self.constraints(facet.table).values()
            if one["index"]
            and not one["unique"]
            and self._same(one["columns"] or (), facet.columns)
        ]
        return len(found) >= int(facet.value)

    def _named(self, facet: Facet) -> bool:
        found = next(
            (
                one
                for name, one in self.constraints(facet.table).items()
                if self._fold(name) == self._fold(facet.name)
            ),
            None,
        )
        if found is None:
            return False
        return not facet.columns or self._same(found["columns"] or (), facet.columns)

    def _foreign_key(self, facet: Facet) -> bool:
        return any(
            found["foreign_key"]
            and self._same(found["columns"], facet.columns)
            and self._fold(".".join(found["foreign_key"])) == self._fold(facet.value)
            for found in self.constraints(facet.table).values()
        )

    def _same(self, columns: Collection[str | None], wanted: tuple[str, ...]) -> bool:
        found = [self._fold(column) for column in columns if column]
        return found == [self._fold(column) for column in wanted]


def _plain_collation(name: str) -> str:
    """One spelling of a collation: MariaDB and MySQL have two names for their old character set."""
    return name.casefold().replace("utf8mb3_", "utf8_")


_CONFIRM = {
    Kind.COLUMN: lambda present, facet: present.has_column(facet.table, facet.columns[0]),
    Kind.TYPE: Present._type,
    Kind.NOT_NULL: Present._not_null,
    Kind.DEFAULT: Present._default,
    Kind.COLLATION: Present._collation,
    Kind.CHECK: Present._check,
    Kind.UNIQUE: Present._unique,
    Kind.FIELD_INDEX: Present._field_index,
    Kind.INDEX: Present._named,
    Kind.CONSTRAINT: Present._named,
    Kind.FOREIGN_KEY: Present._foreign_key,
}
