"""The catalogue of a MariaDB or MySQL database as it is now; a table is read once, with one query for each kind of thing."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from typing import Any

from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.facts import (
    Catalogue,
    ConstraintDefinition,
    IndexDefinition,
    TableStorage,
)
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind, Default

TABLES = """
    SELECT TABLE_NAME, TABLE_TYPE, LOWER(ENGINE), LOWER(ROW_FORMAT), TABLE_COLLATION, CREATE_OPTIONS LIKE '%partitioned%'
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
"""
COLUMNS = """
    SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE = 'YES', COLUMN_DEFAULT, EXTRA, COLUMN_KEY, COLLATION_NAME
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION
"""
INDEXES = """
    SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE, LOWER(INDEX_TYPE)
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""
CONSTRAINTS = """
    SELECT c.TABLE_NAME, c.CONSTRAINT_NAME, c.CONSTRAINT_TYPE, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME
    FROM information_schema.TABLE_CONSTRAINTS c
    LEFT JOIN information_schema.KEY_COLUMN_USAGE k
      ON k.TABLE_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME AND k.CONSTRAINT_NAME = c.CONSTRAINT_NAME
     AND c.CONSTRAINT_TYPE <> 'CHECK'
    WHERE c.TABLE_SCHEMA = DATABASE() ORDER BY c.TABLE_NAME, c.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""
CASCADES = """
    SELECT DISTINCT TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE()
      AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))
"""
VIEWS = """
    SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
"""
PARTITIONS = """
    SELECT PARTITION_NAME FROM information_schema.PARTITIONS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION
"""

_KINDS = {
    "CHECK": ConstraintKind.CHECK,
    "FOREIGN KEY": ConstraintKind.FOREIGN_KEY,
    "PRIMARY KEY": ConstraintKind.PRIMARY_KEY,
    "UNIQUE": ConstraintKind.UNIQUE,
}
_WIDTH = re.compile(r"^(tinyint|smallint|mediumint|int|bigint)\(\d+\)")


class MySQLCatalogue(Catalogue):
    """What the server's ``information_schema`` says of the connection's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exists(self, table: str) -> bool:
        return table in self._tables

    def kind(self, table: str) -> str | None:
        if table not in self._tables:
            return None
        _, kind, *_, partitioned = self._tables[table]
        if "VIEW" in kind:
            return "view"
        return "partitioned" if partitioned else "table"

    def column(self, table: str, name: str) -> ColumnDefinition | None:
        wanted = name.casefold()  # the names of columns do not depend on case
        return next((one for one in self._columns(table) if one.name.casefold() == wanted), None)

    def storage(self, table: str) -> TableStorage | None:
        if table not in self._tables:
            return None
        _, _, engine, row_format, collation, _ = self._tables[table]
        generated = frozenset(one.generated for one in self._columns(table) if one.generated)
        return TableStorage(
            engine=engine or "",
            row_format=row_format or "",
            collation=collation or "",
            generated=generated,
            cascades=table in self._cascading,
        )

    def indexes(self, table: str) -> tuple[IndexDefinition, ...] | None:
        return self._indexes.get(table, ()) if self.exists(table) else None

    def index_table(self, index: str) -> str | None:
        """The only table with an index of that name: names are unique in one table alone."""
        found = [
            table for table, all_ in self._indexes.items() if any(one.name == index for one in all_)
        ]
        return found[0] if len(found) == 1 else None

    def constraints(self, table: str) -> tuple[ConstraintDefinition, ...] | None:
        return self._constraints.get(table, ()) if self.exists(table) else None

    def referencing(self, table: str) -> tuple[str, ...] | None:
        found = (
            name
            for name, all_ in self._constraints.items()
            if name != table and any(one.references == table for one in all_)
        )
        return tuple(found)

    def dependants(self, table: str, column: str = "") -> tuple[str, ...]:
        """Views in whose definition the quoted names stand, which the server writes with the table before the column."""
        return tuple(
            view
            for view, definition in self._views
            if f"`{table}`" in definition and (not column or f"`{column}`" in definition)
        )

    def partitions(self, table: str) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in self._database.ask(PARTITIONS, [table]))

    @property
    def timezone(self) -> str:
        return str(self._database.ask("SELECT @@session.time_zone")[0][0])

    # --- asked once ---------------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _tables(self) -> dict[str, tuple[Any, ...]]:
        return {row[0]: row for row in self._database.ask(TABLES)}

    @functools.cache  # noqa: B019 - lives as long as one assessment
    def _columns(self, table: str) -> tuple[ColumnDefinition, ...]:
        return tuple(_column(*row) for row in self._database.ask(COLUMNS, [table]))

    @functools.cached_property
    def _indexes(self) -> dict[str, tuple[IndexDefinition, ...]]:
        found: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._database.ask(INDEXES):
            found[row[0], row[1]].append(row)
        indexes: dict[str, tuple[IndexDefinition, ...]] = {}
        for (table, name), rows in found.items():
            definition = IndexDefinition(
                name=name,
                columns=tuple(row[2] for row in rows if row[2]),
                unique=not int(rows[0][3]),
                method=rows[0][4],
                constraint=not int(rows[0][3]),
            )
            indexes[table] = (*indexes.get(table, ()), definition)
        return indexes

    @functools.cached_property
    def _constraints(self) -> dict[str, tuple[ConstraintDefinition, ...]]:
        found: dict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._database.ask(CONSTRAINTS):
            found[row[0], row[1], row[2]].append(row)
        constraints: dict[str, tuple[ConstraintDefinition, ...]] = {}
        for (table, name, kind), rows in found.items():
            definition = ConstraintDefinition(
                name=name,
                kind=_KINDS.get(kind, ConstraintKind.UNKNOWN),
                columns=tuple(row[3] for row in rows if row[3]),
                references=rows[0][4] or "",
                referenced_columns=tuple(row[5] for row in rows if row[5]),
            )
            constraints[table] = (*constraints.get(table, ()), definition)
        return constraints

    @functools.cached_property
    def _cascading(self) -> frozenset[str]:
        return frozenset(name for (name,) in self._database.ask(CASCADES))

    @functools.cached_property
    def _views(self) -> tuple[tuple[str, str], ...]:
        # The definition is NULL for a role that may not see it.
        return tuple((name, definition or "") for name, definition in self._database.ask(VIEWS))


def _column(
    name: str,
    type: str,
    null: int,
    default: str | None,
    extra: str,
    key: str,
    collation: str | None,
) -> ColumnDefinition:
    extra = extra.lower()
    generated = "virtual" if "virtual generated" in extra else ""
    return ColumnDefinition(
        name=name,
        type=spelled(type),
        null=bool(null),
        default=_default(default, extra),
        generated="stored" if "stored generated" in extra else generated,
        identity="auto_increment" in extra,
        primary_key=key == "PRI",
        unique=key == "UNI",
        collation=collation or "",
    )


def _default(default: str | None, extra: str) -> Default:
    """MariaDB writes a literal as SQL, and NULL as a word; MySQL marks what is an expression."""
    if default is None or default == "NULL":
        return Default.NONE
    if "current_timestamp" in default.lower():
        return Default.STABLE
    is_expression = "default_generated" in extra or ("(" in default and not default.startswith("'"))
    return Default.VOLATILE if is_expression else Default.CONSTANT


def spelled(type: str) -> str:
    """Return a type of ``information_schema`` in the spelling of statements, which is that of Django's ``db_type``."""
    if type.startswith(("enum", "set")):
        return type
    type = "bool" if type == "tinyint(1)" else _WIDTH.sub(r"\1", type)
    type = re.sub(r"^int\b", "integer", type)
    type = re.sub(r"^double\b", "double precision", type)
    return re.sub(r"^decimal\((\d+),(\d+)\)", r"numeric(\1, \2)", type)
