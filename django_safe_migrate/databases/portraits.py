"""
Portraits of a database: its schema in words and its tables in numbers, so that two moments of one database can be compared.

The order of columns is no part of a portrait: a column that was dropped and added again is the same column to Django.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: Who draws, by Django's ``connection.vendor``.
PAINTERS = {
    "mysql": "django_safe_migrate.databases.mysql.portrait.MySQLPainter",
    "postgresql": "django_safe_migrate.databases.postgresql.portrait.PostgreSQLPainter",
    "sqlite": "django_safe_migrate.databases.sqlite.portrait.SQLitePainter",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: its rows, and a number that changes with any value in them; None where it was not computed."""

    rows: int
    checksum: int | None = None


class Painter:
    """Draws portraits; this one knows what Django's introspection knows, and counts rows without reading their values."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def schema(self) -> dict[str, str]:
        """Return what there is (``shop_item.price``, ``shop_item constraint x``), and its definition in words."""
        connection = self.database.connection
        with connection.cursor() as cursor:
            return {
                f"{table}.{column.name}": f"{column.type_code} {column.display_size} null={column.null_ok} default={column.default}"
                for table in self.database.tables()
                for column in connection.introspection.get_table_description(cursor, table)
            }

    def contents(self, tables: Collection[str]) -> dict[str, Content]:
        """Return the content of tables that exist."""
        columns = self.database.table_columns(list(tables))
        return {table: self._content(table, sorted(columns[table])) for table in tables}

    def _content(self, table: str, columns: list[str]) -> Content:
        return Content(self.database.count_rows(table))

    def quoted(self, names: Iterable[str]) -> list[str]:
        """Return names as SQL quotes them."""
        return [self.database.connection.ops.quote_name(name) for name in names]


def painter(database: Database) -> Painter:
    """Return who draws portraits of a database that is connected."""
    path = PAINTERS.get(database.vendor)
    found: type[Painter] = import_string(path) if path else Painter
    return found(database)


def schema_differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield a phrase for each thing that differs, in the order of their names."""
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{name} is gone"
        elif name not in before:
            yield f"{name} is new"
        elif before[name] != after[name]:
            yield f"{name} was {before[name]}, and is {after[name]}"
