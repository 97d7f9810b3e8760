"""What each statement locks, reads and writes anew on PostgreSQL, as measured on real servers."""

from __future__ import annotations

# The families of statements register themselves where ``dispatch`` looks them up.
from django_safe_migrate.databases.postgresql.facts import (
    columns,
    constraints,
    indexes,
    objects,
    options,
    partitions,
    rows,
    tables,
    type_changes,
)
from django_safe_migrate.databases.postgresql.facts.book import PostgreSQLFactBook
from django_safe_migrate.databases.postgresql.facts.types import TypeChange, type_change

__all__ = [
    "PostgreSQLFactBook",
    "TypeChange",
    "columns",
    "constraints",
    "indexes",
    "objects",
    "options",
    "partitions",
    "rows",
    "tables",
    "type_change",
    "type_changes",
]
