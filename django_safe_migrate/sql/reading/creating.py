"""CREATE: tables, indexes, views, triggers, and what has no rows."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.statements import (
    AddConstraint,
    ChangeTrigger,
    ChangeView,
    ColumnDefinition,
    ConstraintKind,
    CreateIndex,
    CreateTable,
    OtherObject,
    Statement,
)
from django_safe_migrate.sql.reading.altering import object_name
from django_safe_migrate.sql.reading.columns import (
    read_column,
    read_constraint,
    with_primary_key,
)
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.keywords import OBJECTS, take_phrase
from django_safe_migrate.sql.reading.queries import tables_in

_QUERIES = ("AS", "SELECT", "WITH", "VALUES")
#: Enough for ``OR REPLACE ALGORITHM = MERGE DEFINER = 'root'@'localhost' SQL SECURITY DEFINER``.
_MOST_MODIFIERS = 20


def create(cursor: Cursor) -> Statement:
    """Take what comes after CREATE; raise ``NotUnderstood`` for what nobody knows how to create."""
    modifiers: set[str] = set()
    for _ in range(_MOST_MODIFIERS):
        if cursor.at("AGGREGATE", "FUNCTION"):
            cursor.next()
        kind = take_phrase(cursor, OBJECTS)
        if kind:
            return _object(kind, cursor, replaces="REPLACE" in modifiers)
        word = cursor.next().value.upper()
        if word == "TABLE":
            return _table(cursor, temporary=bool(modifiers & {"TEMP", "TEMPORARY"}))
        if word == "INDEX":
            return _index(cursor, modifiers)
        if word == "VIEW":
            return _view(cursor, modifiers)
        if word in {"TRIGGER", "POLICY", "RULE"}:
            return _trigger(word, cursor)
        modifiers.add(word)
    raise NotUnderstood("what it creates is not known")


# --- tables ---------------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class _Elements:
    """What stands between the parentheses of CREATE TABLE."""

    columns: list[ColumnDefinition] = dataclasses.field(default_factory=list)
    references: list[str] = dataclasses.field(default_factory=list)

    def add(self, cursor: Cursor) -> None:
        if cursor.is_done or cursor.at_any("LIKE", "PERIOD") or self._is_index(cursor):
            return
        constraint = read_constraint(cursor)
        if constraint is None:
            column = read_column(cursor)
            self.columns.append(column)
            self.references.append(column.references)
        else:
            self._add_constraint(constraint)

    def _add_constraint(self, constraint: AddConstraint) -> None:
        self.references.append(constraint.references)
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            names = constraint.columns
            self.columns = [with_primary_key(column, names) for column in self.columns]

    @staticmethod
    def _is_index(cursor: Cursor) -> bool:
        return cursor.syntax.indexes_in_tables and cursor.at_any(
            "INDEX", "KEY", "FULLTEXT", "SPATIAL"
        )


def _table(cursor: Cursor, *, temporary: bool) -> CreateTable:
    if_not_exists = cursor.if_exists()
    name = cursor.name()
    partition_of = ""
    if cursor.take("PARTITION", "OF"):
        partition_of = cursor.name()
    elements = _Elements()
    if cursor.peek().is_sign("(") and not _is_query(cursor) and not partition_of:
        for part in cursor.parenthesised().by_commas():
            elements.add(part)
    return CreateTable(
        table=name,
        columns=tuple(elements.columns),
        references=tuple(dict.fromkeys(t for t in elements.references if t and t != name)),
        reads=() if partition_of else _queried(cursor),
        partition_of=partition_of,
        temporary=temporary,
        if_not_exists=if_not_exists,
    )


def _is_query(cursor: Cursor) -> bool:
    return cursor.peek(1).is_word("SELECT", "WITH", "VALUES")


def _queried(cursor: Cursor) -> tuple[str, ...]:
    """The tables of the query that fills a new table, or that a view is."""
    places = [ahead for word in _QUERIES if (ahead := cursor.find(word)) >= 0]
    if cursor.peek().is_sign("("):
        places.append(0)
    if not places:
        return ()
    cursor.position += min(places)
    cursor.take("AS")
    return tables_in(cursor.rest()) if not cursor.at("EXECUTE") else ()


# --- indexes, views, triggers, objects ------------------------------------------------------------------------------------------


def _index(cursor: Cursor, modifiers: set[str]) -> CreateIndex:
    concurrently = cursor.take("CONCURRENTLY")
    if_not_exists = cursor.if_exists()
    name = method = ""
    if not cursor.at("ON"):
        name = cursor.name()
    if cursor.take("USING"):
        method = cursor.identifier().lower()
    cursor.expect("ON")
    only = cursor.take("ONLY")
    table = cursor.name()
    if cursor.take("USING"):
        method = cursor.identifier().lower()
    columns = cursor.column_names()
    kind = next((word.lower() for word in ("FULLTEXT", "SPATIAL") if word in modifiers), "")
    return CreateIndex(
        table=_with_schema(table, name),
        name=name.rpartition(".")[2],
        columns=columns,
        unique="UNIQUE" in modifiers,
        concurrently=concurrently,
        if_not_exists=if_not_exists,
        method=method,
        kind=kind,
        partial=cursor.has("WHERE"),
        only=only,
    )


def _with_schema(table: str, index: str) -> str:
    # SQLite writes the schema before the index instead of before the table.
    schema = index.rpartition(".")[0]
    return f"{schema}.{table}" if schema and "." not in table else table


def _view(cursor: Cursor, modifiers: set[str]) -> ChangeView:
    guarded = cursor.if_exists() or "REPLACE" in modifiers
    name = cursor.name()
    kind = "MATERIALIZED VIEW" if "MATERIALIZED" in modifiers else "VIEW"
    verb = "CREATE OR REPLACE" if "REPLACE" in modifiers else "CREATE"
    if cursor.peek().is_sign("("):
        cursor.parenthesised()
    return ChangeView(
        keywords=f"{verb} {kind}", views=(name,), reads=_queried(cursor), guarded=guarded
    )


def _trigger(kind: str, cursor: Cursor) -> ChangeTrigger:
    cursor.if_exists()
    name = cursor.name()
    if kind == "RULE":
        cursor.go_to("TO")
    elif not cursor.go_to("ON"):
        raise NotUnderstood("the table is not named")
    return ChangeTrigger(keywords=f"CREATE {kind}", table=cursor.name(), name=name)


def _object(kind: str, cursor: Cursor, *, replaces: bool) -> OtherObject:
    guarded = cursor.if_exists() or replaces
    name = object_name(cursor)
    table = ""
    if kind == "STATISTICS" and cursor.go_to("FROM"):
        table = cursor.name()
    elif kind == "PUBLICATION" and cursor.take("FOR", "TABLE"):
        table = cursor.names()[0]
    return OtherObject(keywords=f"CREATE {kind}", name=name, table=table, guarded=guarded)
