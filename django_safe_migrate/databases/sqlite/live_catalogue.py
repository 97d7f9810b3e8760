"""The catalogue of a SQLite database as it is now; everything is read once, with a query for each kind of thing."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from typing import Any

from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.facts import Catalogue, ConstraintDefinition, IndexDefinition
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind, Default

OBJECTS = "SELECT name, type, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR type = 'index'"
COLUMNS = """
    SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
    FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND c.hidden <> 1 ORDER BY t.name, c.cid
"""
#: Hidden of a generated column.
_GENERATED = {2: "virtual", 3: "stored"}
INDEXES = """
    SELECT t.name, i.name, i."unique", i.origin, c.name
    FROM sqlite_master t, pragma_index_list(t.name) i LEFT JOIN pragma_index_info(i.name) c
    WHERE t.type = 'table' ORDER BY t.name, i.seq DESC, c.seqno
"""
FOREIGN_KEYS = """
    SELECT t.name, f.id, f."table", f."from", f."to"
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY t.name, f.id, f.seq
"""
_NAME = r'(?:"{0}"|`{0}`|\[{0}\]|\b{0}\b)'


class SQLiteCatalogue(Catalogue):
    """What SQLite's own tables and pragmas say; names of tables and columns do not depend on case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exists(self, table: str) -> bool:
        return self.kind(table) is not None

    def kind(self, table: str) -> str | None:
        return next(
            (
                kind
                for name, kind, _, _ in self._objects
                if kind in {"table", "view"} and name.casefold() == table.casefold()
            ),
            None,
        )

    def column(self, table: str, name: str) -> ColumnDefinition | None:
        columns = self._columns.get(table.casefold(), ())
        return next((one for one in columns if one.name.casefold() == name.casefold()), None)

    def indexes(self, table: str) -> tuple[IndexDefinition, ...] | None:
        return self._indexes.get(table.casefold(), ()) if self.exists(table) else None

    def index_table(self, index: str) -> str | None:
        return next(
            (
                table
                for name, kind, table, _ in self._objects
                if kind == "index" and name.casefold() == index.casefold()
            ),
            None,
        )

    def constraints(self, table: str) -> tuple[ConstraintDefinition, ...] | None:
        """Unique constraints and foreign keys; SQLite tells of CHECKs only in the text of the table."""
        if not self.exists(table):
            return None
        unique = (
            ConstraintDefinition(name=one.name, kind=ConstraintKind.UNIQUE, columns=one.columns)
            for one in self._indexes.get(table.casefold(), ())
            if one.constraint
        )
        return (*unique, *self._foreign_keys.get(table.casefold(), ()))

    def referencing(self, table: str) -> tuple[str, ...]:
        wanted = table.casefold()
        return tuple(
            name
            for name, kind, _, _ in self._objects
            if kind == "table" and name.casefold() != wanted
            if any(
                key.references.casefold() == wanted
                for key in self._foreign_keys.get(name.casefold(), ())
            )
        )

    def dependants(self, table: str, column: str = "") -> tuple[str, ...]:
        """Views whose text names the table, and the column."""
        return tuple(
            name
            for name, kind, _, sql in self._objects
            if kind == "view" and _names(sql, table) and (not column or _names(sql, column))
        )

    def partitions(self, table: str) -> tuple[str, ...]:
        return ()

    @functools.cached_property
    def journal_mode(self) -> str:
        return str(self._database.ask("PRAGMA journal_mode")[0][0]).lower()

    # --- asked once ---------------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _objects(self) -> tuple[tuple[str, str, str, str], ...]:
        return tuple(
            (name, kind, table, sql or "") for name, kind, table, sql in self._database.ask(OBJECTS)
        )

    @functools.cached_property
    def _columns(self) -> dict[str, tuple[ColumnDefinition, ...]]:
        found: dict[str, list[ColumnDefinition]] = defaultdict(list)
        for table, *values in self._database.ask(COLUMNS):
            found[table.casefold()].append(_column(*values))
        return {table: tuple(columns) for table, columns in found.items()}

    @functools.cached_property
    def _indexes(self) -> dict[str, tuple[IndexDefinition, ...]]:
        grouped: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._database.ask(INDEXES):
            grouped[row[0].casefold(), row[1]].append(row)
        found: dict[str, list[IndexDefinition]] = defaultdict(list)
        for (table, name), rows in grouped.items():
            definition = IndexDefinition(
                name=name,
                # An expression has no name.
                columns=tuple(row[4] for row in rows if row[4]),
                unique=bool(rows[0][2]),
                constraint=rows[0][3] in {"u", "pk"},
            )
            found[table].append(definition)
        return {table: tuple(indexes) for table, indexes in found.items()}

    @functools.cached_property
    def _foreign_keys(self) -> dict[str, tuple[ConstraintDefinition, ...]]:
        grouped: dict[tuple[str, int], list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._database.ask(FOREIGN_KEYS):
            grouped[row[0].casefold(), row[1]].append(row)
        found: dict[str, list[ConstraintDefinition]] = defaultdict(list)
        for (table, _), rows in grouped.items():
            definition = ConstraintDefinition(
                name="",
                kind=ConstraintKind.FOREIGN_KEY,
                columns=tuple(row[3] for row in rows),
                references=rows[0][2],
                referenced_columns=tuple(row[4] for row in rows if row[4]),
            )
            found[table].append(definition)
        return {table: tuple(keys) for table, keys in found.items()}


def _column(
    name: str, type: str, not_null: int, default: str | None, key: int, hidden: int
) -> ColumnDefinition:
    return ColumnDefinition(
        name=name,
        type=type.lower(),
        null=not not_null,
        default=_default(default),
        generated=_GENERATED.get(hidden, ""),
        primary_key=bool(key),
    )


def _default(default: str | None) -> Default:
    if default is None or default.upper() == "NULL":
        return Default.NONE
    if default.upper() in {"CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"}:
        return Default.STABLE
    return Default.VOLATILE if "(" in default and not default.startswith("'") else Default.CONSTANT


def _names(sql: str, name: str) -> bool:
    return re.search(_NAME.format(re.escape(name)), sql, re.IGNORECASE) is not None
