"""Whether something that is destroyed is kept, and why not: asked before a run, and again just before the operation."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from django_safe_migrate.databases.side_tables import side_tables
from django_safe_migrate.preservation.registry import TABLE, VALUES, WHOLE_ROWS

if TYPE_CHECKING:
    from django_safe_migrate.conf import PreserveSettings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.preservation.losing import Subject


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """
    What is done about something that is destroyed.

    ``rows`` is None where they were not counted. ``reason`` says why it is not kept. Where nothing is lost, since there are no values,
    ``is_kept`` is false and there is no reason; ``is_known`` is false where it does not exist at this moment.
    """

    is_kept: bool
    rows: int | None = None
    keys: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    reason: str = ""
    is_known: bool = True


NOTHING = Verdict(is_kept=False)


def judge(database: Database, settings: PreserveSettings, subject: Subject) -> Verdict:
    """Return whether something is kept, looking at the table as it is now; reads no more rows than may be kept."""
    table = subject.table
    if '"' in table:
        return Verdict(is_kept=False, reason="its table is in another schema")
    if not _is_there(database, subject):
        return Verdict(is_kept=False, is_known=False)
    sides = side_tables(database)
    if not database.has_rows(table):
        return NOTHING
    if database.has_rows(table, more_than=settings.max_rows):
        return _refused(settings, f"the table has more than {settings.max_rows:,} rows")
    columns = database.columns(table) if subject.kind in WHOLE_ROWS else subject.columns
    column = None if subject.kind == VALUES else subject.column
    if column is not None and not sides.has_values(table, column.name):
        return NOTHING
    rows = database.count_rows(table)
    if not settings.enabled:
        return Verdict(is_kept=False, rows=rows, reason="SAFE_MIGRATE['PRESERVE'] is off")
    keys = _keys(database, table)
    of_key = subject.kind not in WHOLE_ROWS and bool(set(columns) & set(keys))
    if subject.kind != TABLE and (of_key or not keys):
        return Verdict(is_kept=False, rows=rows, reason="there is no other key to put it back by")
    size = sides.bytes_of(table, columns)
    if size is not None and size > settings.max_size:
        return Verdict(
            is_kept=False,
            rows=rows,
            reason=f"the values take {size:,} bytes, more than {settings.max_size:,}",
        )
    return Verdict(is_kept=True, rows=rows, keys=keys, columns=tuple(columns))


def _refused(settings: PreserveSettings, reason: str) -> Verdict:
    return Verdict(
        is_kept=False, reason=reason if settings.enabled else "SAFE_MIGRATE['PRESERVE'] is off"
    )


def _is_there(database: Database, subject: Subject) -> bool:
    fold = str.casefold if database.connection.features.ignores_table_name_case else str
    if fold(subject.table) not in {fold(name) for name in database.tables()}:
        return False
    present = {fold(name) for name in database.columns(subject.table)}
    return all(fold(name) in present for name in subject.columns)


def _keys(database: Database, table: str) -> tuple[str, ...]:
    connection = database.connection
    with connection.cursor() as cursor:
        return tuple(connection.introspection.get_primary_key_columns(cursor, table) or ())
