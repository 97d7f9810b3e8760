"""A normalised copy of a database's schema and rows, so that a test can say that two databases are the same."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

# When Django recorded a migration, and in which order of several that are independent, differs from run to run.
IGNORED_COLUMNS: Mapping[str, Collection[str]] = {"django_migrations": ("id", "applied")}


@dataclass(frozen=True, slots=True)
class TableSnapshot:
    """One table: columns and constraints by name, rows in an order of their own."""

    columns: dict[str, dict[str, Any]]
    constraints: dict[str, dict[str, Any]]
    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tables of a database by name; equal snapshots mean equal schema and rows."""

    tables: dict[str, TableSnapshot]

    def difference(self, other: Snapshot) -> list[str]:
        """Return a line for everything that differs, from this snapshot to `other`."""
        lines = [f"{table}: gone" for table in sorted(self.tables.keys() - other.tables.keys())]
        lines += [f"{table}: new" for table in sorted(other.tables.keys() - self.tables.keys())]
        for table in sorted(self.tables.keys() & other.tables.keys()):
            mine, theirs = self.tables[table], other.tables[table]
            lines += _changes(f"{table} column", mine.columns, theirs.columns)
            lines += _changes(f"{table} constraint", mine.constraints, theirs.constraints)
            before, after = ({repr(row) for row in rows} for rows in (mine.rows, theirs.rows))
            lines += [f"{table} row gone: {row}" for row in sorted(before - after)]
            lines += [f"{table} row new: {row}" for row in sorted(after - before)]
            if len(mine.rows) != len(theirs.rows):
                lines.append(f"{table}: {len(mine.rows)} rows before, {len(theirs.rows)} after")
        return lines


def take_snapshot(
    connection: BaseDatabaseWrapper,
    *,
    exclude: Collection[str] = (),
    ignore_columns: Mapping[str, Collection[str]] = IGNORED_COLUMNS,
    rows: bool = True,
) -> Snapshot:
    """
    Read schema and rows of a database.

    `exclude` are patterns of table names (`"django_safe_migrate_*"`); `ignore_columns` are columns by table
    whose values are left out; `rows=False` compares the schema only.
    """
    definitions = _DEFINITIONS[connection.vendor](connection)
    with connection.cursor() as cursor:
        names = [
            table.name
            for table in connection.introspection.get_table_list(cursor)
            if not any(fnmatch.fnmatch(table.name, pattern) for pattern in exclude)
        ]
        return Snapshot(
            {
                name: TableSnapshot(
                    columns=_columns(connection, cursor, name, definitions),
                    constraints=_constraints(connection, cursor, name, definitions),
                    rows=_rows(connection, cursor, name, ignore_columns.get(name, ()))
                    if rows
                    else [],
                )
                for name in sorted(names)
            }
        )


def _columns(
    connection: BaseDatabaseWrapper, cursor: Any, table: str, definitions: Mapping[Any, str]
) -> dict[str, dict[str, Any]]:
    columns = {}
    for info in connection.introspection.get_table_description(cursor, table):
        column = dict(zip(info._fields, info, strict=True))
        column["type_code"] = definitions.get(("type", column["type_code"]), column["type_code"])
        column["null_ok"] = bool(column["null_ok"])
        if definition := definitions.get(("column", table, info.name)):
            column["definition"] = definition
            # MySQL measures it on the rows that happen to be there; the definition has the real length.
            del column["display_size"]
        columns[info.name] = column
    return dict(sorted(columns.items()))


def _constraints(
    connection: BaseDatabaseWrapper, cursor: Any, table: str, definitions: Mapping[Any, str]
) -> dict[str, dict[str, Any]]:
    constraints = {}
    for name, facts in connection.introspection.get_constraints(cursor, table).items():
        # SQLite has constraints without a name and numbers them as they come.
        key = (
            repr(sorted(facts.items(), key=str))
            if re.fullmatch(r"__unnamed_constraint_\d+__", name)
            else name
        )
        constraints[key] = {**facts, "definition": definitions.get(("constraint", table, name))}
    return dict(sorted(constraints.items()))


def _rows(
    connection: BaseDatabaseWrapper, cursor: Any, table: str, ignored: Collection[str]
) -> list[dict[str, Any]]:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
    names = [column[0] for column in cursor.description]
    rows = [
        {
            name: bytes(value) if isinstance(value, memoryview) else value
            for name, value in sorted(zip(names, row, strict=True))
            if name not in ignored
        }
        for row in cursor.fetchall()
    ]
    return sorted(rows, key=repr)


def _changes(subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            lines.append(f"{subject} {name}: gone")
        elif name not in before:
            lines.append(f"{subject} {name}: new")
        else:
            facts = sorted(
                fact for fact in before[name] if before[name][fact] != after[name].get(fact)
            )
            lines += [
                f"{subject} {name}: {fact} {before[name][fact]!r} -> {after[name].get(fact)!r}"
                for fact in facts
            ]
    return lines


def _postgresql_definitions(connection: BaseDatabaseWrapper) -> dict[Any, str]:
    """Return the types by name, and the text of constraints, which Django's introspection leaves out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid, format_type(oid, NULL) FROM pg_type")
        definitions: dict[Any, str] = {("type", oid): name for oid, name in cursor.fetchall()}
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid <> 0 UNION ALL "
            "SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) "
            "|| CASE WHEN indisvalid THEN '' ELSE ' INVALID' END FROM pg_index i "
            "WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"
        )
        definitions.update(
            {("constraint", table, name): text for table, name, text in cursor.fetchall()}
        )
        cursor.execute(
            "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod) || ' ' || attidentity::text "
            "FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        )
        definitions.update(
            {("column", table, name): text for table, name, text in cursor.fetchall()}
        )
    return definitions


def _mysql_definitions(connection: BaseDatabaseWrapper) -> dict[Any, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, CONCAT_WS(' ', column_type, extra) "
            "FROM information_schema.columns WHERE table_schema = DATABASE()"
        )
        definitions: dict[Any, str] = {
            ("column", table, name): text for table, name, text in cursor.fetchall()
        }
        if connection.mysql_is_mariadb:
            cursor.execute(
                "SELECT table_name, constraint_name, check_clause "
                "FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()"
            )
            definitions.update(
                {("constraint", table, name): text for table, name, text in cursor.fetchall()}
            )
    return definitions


def _sqlite_definitions(connection: BaseDatabaseWrapper) -> dict[Any, str]:
    """Return the text of indexes and, column by column, of the table's definition."""
    definitions: dict[Any, str] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        for kind, table, name, sql in cursor.fetchall():
            if kind == "index":
                definitions["constraint", table, name] = sql
                continue
            for check in re.finditer(
                r'CONSTRAINT "([^"]+)" (CHECK .*?)(?=, CONSTRAINT|$)', sql, re.DOTALL
            ):
                definitions["constraint", table, check[1]] = check[2]
    return definitions


_DEFINITIONS = {
    "postgresql": _postgresql_definitions,
    "mysql": _mysql_definitions,
    "sqlite": _sqlite_definitions,
}
