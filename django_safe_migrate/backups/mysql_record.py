"""The record of a swap on MariaDB or MySQL, kept in the server: where it lies tells how far a killed restore had come."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django_safe_migrate.backups import names
from django_safe_migrate.backups.mysql_server import NAME_LIMIT, execute, quoted, rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Before the swap the record has the first name, after it the second.
PLANNED, SWAPPED = "safe_migrate_swap_planned", "safe_migrate_swap_done"


@dataclasses.dataclass(frozen=True, slots=True)
class Swap:
    """The record of a swap: the databases, and the SQL that creates what RENAME TABLE cannot move."""

    live: str
    scratch: str
    before: str
    old_triggers: bytes
    old_programs: bytes
    new_programs: bytes


def write(server: BaseDatabaseWrapper, swap: Swap) -> None:
    table = f"{quoted(swap.before)}.{quoted(PLANNED)}"
    execute(
        server,
        f"CREATE TABLE {table} (live VARCHAR(64), scratch VARCHAR(64), finished BOOL, "
        "old_triggers LONGBLOB, old_programs LONGBLOB, new_programs LONGBLOB) ENGINE=InnoDB CHARACTER SET utf8mb4",
    )
    execute(
        server,
        f"INSERT INTO {table.replace('%', '%%')} VALUES (%s, %s, 0, %s, %s, %s)",  # noqa: S608 - a quoted identifier
        [swap.live, swap.scratch, swap.old_triggers, swap.old_programs, swap.new_programs],
    )


def pending(connection: Any, live: str) -> Iterator[tuple[str, str]]:
    sql = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_NAME IN (%s, %s)"
    for before, table in rows(connection, sql, [PLANNED, SWAPPED]):
        if not names.is_before_name(before, live, NAME_LIMIT):
            continue
        record = f"{quoted(before)}.{quoted(table)}"
        pending = f"SELECT 1 FROM {record} WHERE finished = 0"  # noqa: S608 - quoted
        if table == PLANNED or rows(connection, pending, None):
            yield before, table


def read(server: BaseDatabaseWrapper, before: str, table: str) -> Swap | None:
    columns = "live, scratch, old_triggers, old_programs, new_programs"
    found = rows(server, f"SELECT {columns} FROM {quoted(before)}.{quoted(table)}", None)  # noqa: S608 - quoted
    if not found:
        return None  # killed before anything was done
    live, scratch, *scripts = found[0]
    return Swap(live, scratch, before, *(bytes(script) for script in scripts))


def finished(connection: Any, live: str) -> tuple[str, ...]:
    """Return the databases that swaps of this one have kept, oldest first."""
    sql = "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = %s ORDER BY 1"
    found = [name for (name,) in rows(connection, sql, [SWAPPED])]
    unfinished = {before for before, _ in pending(connection, live)}
    return tuple(
        one
        for one in found
        if names.is_before_name(one, live, NAME_LIMIT) and one not in unfinished
    )


def empty(connection: Any, live: str) -> tuple[str, ...]:
    """Return databases made for the old state into which nothing was ever moved or written."""
    sql = (
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA s WHERE NOT EXISTS "
        "(SELECT 1 FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME)"
    )
    found = [name for (name,) in rows(connection, sql, None)]
    return tuple(one for one in found if names.is_before_name(one, live, NAME_LIMIT))
