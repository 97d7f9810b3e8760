"""
What operations do to a database, measured while they run: locks, tables written anew, rows read, indexes built.

A meter looks before and after each operation, on the connection that carries it out and inside of its transaction if there is one. It is
for copies of a database: two looks at the catalogue for each operation are what it costs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: Who measures, by Django's ``connection.vendor``.
METERS = {
    "mysql": "django_safe_migrate.databases.mysql.meter.MySQLMeter",
    "postgresql": "django_safe_migrate.databases.postgresql.meter.PostgreSQLMeter",
    "sqlite": "django_safe_migrate.databases.sqlite.meter.SQLiteMeter",
}
#: Said where nobody can tell.
NOT_MEASURED = "Locks, scans and rewrites are not measured on this database product."


@dataclasses.dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock on a table that was there before; ``blocks`` says whom it keeps waiting, ``taken`` that this operation took it."""

    table: str
    mode: str
    blocks: str
    taken: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """
    What one operation was seen to do.

    ``locks`` are those held at its end, the strongest on each table; ``rewrites`` the tables written anew, ``scans`` the rows that
    were read of each table without an index. ``indexes_built`` and ``indexes_reused`` are ``table.index``. ``rows_read`` counts rows read
    in order, of whichever table, where they are not counted by table. ``wal_bytes`` is what the whole server wrote to its log meanwhile;
    None where that is not known. ``algorithms`` are ``table: algorithm``. ``unseen`` says what could not be measured, and why.
    """

    locks: tuple[HeldLock, ...] = ()
    rewrites: tuple[str, ...] = ()
    scans: Mapping[str, int] = dataclasses.field(default_factory=dict)
    indexes_built: tuple[str, ...] = ()
    indexes_reused: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    rows_read: int | None = None
    wal_bytes: int | None = None
    unseen: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        data = {name: list(one) if isinstance(one, tuple) else one for name, one in data.items()}
        return {**data, "locks": [dataclasses.asdict(lock) for lock in self.locks]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measured:
        """Rebuild what ``to_json`` gave."""
        known = {field.name for field in dataclasses.fields(cls)}
        values: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one
            for name, one in data.items()
            if name in known
        }
        values["locks"] = tuple(HeldLock(**lock) for lock in data.get("locks", ()))
        return cls(**values)


class Meter:
    """Measures operations; this one knows no product and measures nothing."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def database_name(self) -> str:
        """The name of the database that the connection is in, as the server says; for SQLite the path of the file."""
        return self.database.name

    def prepare(self) -> None:
        """Make a copy that was restored just now answer as the real database would, before anything is measured."""

    def begin_step(self) -> None:
        """Note what is there before a migration: what it makes itself blocks nobody."""

    def locks(self) -> tuple[HeldLock, ...]:
        """The locks that the open transaction holds on what was there when its migration began; asks one question."""
        return ()

    def begin(self) -> None:
        """Look before an operation."""

    def end(self) -> Measured:
        """Look after it, before its transaction ends."""
        return Measured(unseen=(NOT_MEASURED,))


def meter(database: Database) -> Meter:
    """Return who measures on a database that is connected."""
    path = METERS.get(database.vendor)
    found: type[Meter] = import_string(path) if path else Meter
    return found(database)
