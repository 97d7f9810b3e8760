"""
Everything that two databases can differ in, read from the database itself.

A dump holds the schema as the vendor's own tool writes it, every row of every table, and the counters that decide the
next id. What cannot agree between two runs is left out by name, each with its reason, in `EXCLUSIONS`; nothing else is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any

# Reads the values of one row's columns as text; None is SQL NULL.
Row = tuple[str | None, ...]
ReadRows = Callable[[str, tuple[str, ...]], Iterable[Row]]

READERS = {
    "django.db.backends.sqlite3": "tests.real_projects.dump_sqlite",
    "django.db.backends.postgresql": "tests.real_projects.dump_postgresql",
    "django.db.backends.mysql": "tests.real_projects.dump_mariadb",
}


# Stands for a value that is there and is not compared; NULL stays NULL, so that a lost value is still seen.
NOT_COMPARED = "(not compared)"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A table (by pattern), or one column of it, whose contents are not compared; its definition always is."""

    table: str
    column: str | None
    reason: str


EXCLUSIONS = (
    Exclusion("django_safe_migrate_*", None, "Only safemigrate writes the history of runs."),
    Exclusion("django_migrations", "applied", "The moment at which the migration was applied."),
    Exclusion(
        "wagtailcore_page", "translation_key", "wagtail's migrations give every page a random UUID."
    ),
)


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table, sorted; values of excluded columns are masked."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class DatabaseDump:
    """One database, ready to be compared with another of the same vendor."""

    schema: str
    tables: Mapping[str, TableRows]
    # Sequences, AUTO_INCREMENT values, sqlite_sequence: the last value given out (None: none yet).
    counters: Mapping[str, int | None]
    # Properties of the whole database, such as its encoding or journal mode.
    properties: Mapping[str, str]


def dump_database(
    database: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    exclusions: tuple[Exclusion, ...] = EXCLUSIONS,
) -> DatabaseDump:
    """
    Read the database of a DATABASES entry.

    Args:
        database: The entry; only ENGINE, NAME, USER, PASSWORD, HOST and PORT are looked at.
        environment: The variables whose PATH finds `pg_dump` or `mysqldump`; those of this process by default.
        exclusions: What is left out of rows and counters.
    """
    reader = import_module(READERS[database["ENGINE"]])
    dump: DatabaseDump = reader.read_database(
        database, os.environ if environment is None else environment, exclusions
    )
    return dump


def read_tables(
    columns: Mapping[str, tuple[str, ...]], read_rows: ReadRows, exclusions: tuple[Exclusion, ...]
) -> dict[str, TableRows]:
    """Read every table that is not excluded as a whole."""
    tables = {}
    for table, names in sorted(columns.items()):
        if is_excluded(table, None, exclusions):
            continue
        masked = {place for place, name in enumerate(names) if is_excluded(table, name, exclusions)}
        rows = sorted((_mask(row, masked) for row in read_rows(table, names)), key=_sort_key)
        tables[table] = TableRows(names, tuple(rows))
    return tables


def _mask(row: Row, masked: Set[int]) -> Row:
    return tuple(
        NOT_COMPARED if place in masked and value is not None else value
        for place, value in enumerate(row)
    )


def is_excluded(table: str, column: str | None, exclusions: tuple[Exclusion, ...]) -> bool:
    """Say whether the column (None: the table as a whole) is named by an exclusion."""
    return any(
        fnmatchcase(table, exclusion.table) and exclusion.column == column
        for exclusion in exclusions
    )


def compared_counters(
    counters: Mapping[str, int | None], exclusions: tuple[Exclusion, ...]
) -> dict[str, int | None]:
    """Leave out the counters of tables whose rows are not compared; a sequence is named after its table."""
    return {
        name: value for name, value in counters.items() if not is_excluded(name, None, exclusions)
    }


def _sort_key(row: Row) -> list[tuple[bool, int, str]]:
    """Order ids as numbers, so that a reader finds row 9 before row 10."""
    return [
        (value is None, int(value) if value is not None and value.isdecimal() else 0, value or "")
        for value in row
    ]
