"""What a database holds, as far as a backup of it must hold the same: migrations, tables with their rows, other objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.databases import Database, RowCount

if TYPE_CHECKING:
    from django_safe_migrate.backups.receipt import Receipt

#: The table in which Django records what is applied.
MIGRATIONS = MigrationRecorder.Migration._meta.db_table


#: Between which numbers a sequence stands; None: anything from the first on.
Range = tuple[int, int | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Details:
    """A checksum of all rows of each table that is not too large, and where sequences stand."""

    row_checksums: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sequences: Mapping[str, Range] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """Applied migrations in their order, rows per table, how many objects of each kind there are, and the server that holds it."""

    applied_migrations: tuple[str, ...] = ()
    row_counts: Mapping[str, RowCount] = dataclasses.field(default_factory=dict)
    objects: Mapping[str, int] = dataclasses.field(default_factory=dict)
    server: str = ""


def checksum(total: int) -> str:
    """Return the checksum of a table from the sum of the digests of its rows, whose order does not matter."""
    return f"{total % 2**64:016x}"


def applied_migrations(database: Database, tables: Iterable[str]) -> tuple[str, ...]:
    """Return what Django has recorded on this connection, as ``app.name`` in the order of recording."""
    if MIGRATIONS not in set(tables):
        return ()
    with database.connection.cursor() as cursor:
        # Not through the ORM: it would use the alias, which is another session and may be another database.
        cursor.execute(f"SELECT app, name FROM {MIGRATIONS} ORDER BY id")  # noqa: S608 - a constant of Django
        return tuple(f"{app}.{name}" for app, name in cursor.fetchall())


def recount(
    database: Database, receipt: Receipt | None, tables: Iterable[str], objects: Mapping[str, int]
) -> Contents:
    """Read what a restored database holds; only what the receipt counted exactly is counted."""
    names = tuple(tables)
    expected = receipt.row_counts if receipt is not None else {}
    counts = {
        table: RowCount(database.count_rows(table), exact=True)
        if table in expected and expected[table].exact
        else RowCount(0, exact=False)
        for table in names
    }
    return Contents(applied_migrations(database, names), counts, objects, database.server)


def differences(receipt: Receipt, found: Contents) -> tuple[list[str], list[str]]:
    """
    Compare what a restored database holds with the receipt of its backup.

    Returns the sentences that say it is not the same, and those that only deserve a notice.
    """
    faults = [
        f"The table {name} is missing."
        for name in receipt.row_counts
        if name not in found.row_counts
    ]
    faults += [
        f"There is a table {name} that the backup did not hold."
        for name in found.row_counts
        if name not in receipt.row_counts
    ]
    notices: list[str] = []
    (faults if receipt.counts_match_dump else notices).extend(_row_differences(receipt, found))
    if found.applied_migrations != receipt.applied_migrations:
        faults.append(_migration_difference(receipt.applied_migrations, found.applied_migrations))
    # Another version of the server may count its own objects differently.
    (faults if major(receipt.server) == major(found.server) else notices).extend(
        _object_differences(receipt, found)
    )
    return faults, notices


def detail_differences(expected: Details, found: Details) -> list[str]:
    """Return the sentences that say where checksums of rows, or sequences, are not what they were."""
    faults = [
        f"The rows of the table {table} are not those that were backed up: as many, with other values."
        for table, checksum in expected.row_checksums.items()
        if table in found.row_checksums and found.row_checksums[table] != checksum
    ]
    for name, (low, high) in expected.sequences.items():
        if name not in found.sequences:
            continue
        now = found.sequences[name][0]
        if now < low or (high is not None and now > high):
            faults.append(
                f"The sequence {name} stands at {now}, and stood at {low} when the backup was made."
            )
    return faults


def _row_differences(receipt: Receipt, found: Contents) -> list[str]:
    return [
        f"The table {table} has {count.rows} rows, and the backup was made of {receipt.row_counts[table].rows}."
        for table, count in found.row_counts.items()
        if count.exact
        and table in receipt.row_counts
        and receipt.row_counts[table].exact
        and count.rows != receipt.row_counts[table].rows
    ]


def _object_differences(receipt: Receipt, found: Contents) -> list[str]:
    return [
        f"There are {found.objects.get(kind, 0)} {kind}, and the backup was made of {receipt.objects.get(kind, 0)}."
        for kind in sorted({*receipt.objects, *found.objects})
        if found.objects.get(kind, 0) != receipt.objects.get(kind, 0)
    ]


def _migration_difference(expected: tuple[str, ...], found: tuple[str, ...]) -> str:
    missing = [name for name in expected if name not in found]
    added = [name for name in found if name not in expected]
    parts = []
    if missing:
        parts.append(f"missing: {', '.join(missing)}")
    if added:
        parts.append(f"added: {', '.join(added)}")
    return f"The applied migrations are not those of the backup ({'; '.join(parts) or 'another order'})."


def major(server: str) -> str:
    """Return the product and the major version of a server."""
    return server.split(".")[0]
