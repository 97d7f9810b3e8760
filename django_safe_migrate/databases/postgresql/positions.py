"""PostgreSQL's write-ahead log: where it is, whether it is archived, and points in it that have names."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from django_safe_migrate.databases.positions import PointInTime, Position

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

LOG = "WAL"
NO_NAME = (
    "this role may not call pg_create_restore_point(text); a superuser can grant EXECUTE on it"
)
#: More finished segments than this that wait for the archive are too many: it does not keep up, or does not work.
MOST_WAITING = 16
#: Seconds between two looks at the archive.
LOOK_EVERY = 0.1

SETTINGS = """
    SELECT current_setting('archive_mode'), current_setting('wal_level'), pg_catalog.pg_is_in_recovery()
"""
# The end of what was inserted: with synchronous_commit off, what is committed need not be written yet. The first eight digits of a
# segment's name are its timeline.
POSITION = """
    SELECT pg_catalog.pg_current_wal_insert_lsn()::text,
           left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8),
           pg_catalog.has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'EXECUTE')
"""
# Failures before the last success are over.
ARCHIVER = """
    SELECT last_archived_wal, extract(epoch FROM clock_timestamp() - last_archived_time)::float8, failed_count, last_failed_wal,
           extract(epoch FROM clock_timestamp() - last_failed_time)::float8,
           coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
           pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()),
           pg_catalog.pg_size_bytes(current_setting('wal_segment_size'))
    FROM pg_catalog.pg_stat_archiver
"""
SWITCH = "SELECT pg_catalog.pg_walfile_name(pg_catalog.pg_switch_wal())"
NAME_LENGTH = 24


def position(database: Database, name: str, *, always: bool) -> Position | None:
    """Return the end of the log, and make a restore point there if the role may."""
    mode, level, recovering = database.ask(SETTINGS)[0]
    if recovering or level == "minimal" or (mode == "off" and not always):
        return None
    at, timeline, may_name = database.ask(POSITION)[0]
    found = Position(log=LOG, at=str(at), timeline=int(timeline, 16))
    if name and not may_name:
        return dataclasses.replace(found, remark=NO_NAME)
    if name:
        # After the commits that it is to stand for: https://www.postgresql.org/docs/current/functions-admin.html
        database.ask("SELECT pg_catalog.pg_create_restore_point(%s)::text", [name])
    return dataclasses.replace(found, name=name)


def point_in_time(database: Database) -> PointInTime:
    """Judge by the settings and by what the archiver says of its last attempts."""
    mode, level, recovering = database.ask(SETTINGS)[0]
    if recovering:
        return PointInTime(possible=None, why="This server is a standby; its primary knows.")
    if level == "minimal":
        return PointInTime(
            possible=False, why="wal_level is minimal, so the WAL cannot be replayed."
        )
    if mode == "off":
        return PointInTime(
            possible=False,
            why="archive_mode is off: this server archives no WAL, unless pg_receivewal fetches it.",
        )
    return _archiver(database)


def _archiver(database: Database) -> PointInTime:
    last, age, failed, failed_wal, failed_age, is_failing, now, size = database.ask(ARCHIVER)[0]
    if is_failing:
        since = "never before" if last is None else f"last done {_ago(age)}"
        why = (
            f"WAL is not archived: the last attempt, at {failed_wal} {_ago(failed_age)}, failed "
            f"({failed} failures in all; {since}). The server's log has the reason."
        )
        return PointInTime(possible=False, why=why, failing=why)
    if last is None:
        return PointInTime(
            possible=None, why="archive_mode is on, and no WAL was archived yet by this server."
        )
    waiting = _segments_between(last, now, int(size))
    if waiting is not None and waiting > MOST_WAITING:
        why = f"WAL is not archived as fast as it is written: {waiting} segments wait behind {last}, archived {_ago(age)}."
        return PointInTime(possible=False, why=why, failing=why)
    return PointInTime(
        possible=True,
        why=f"WAL is archived, {last} {_ago(age)}; a base backup from before the point is needed as well.",
    )


def archive_now(database: Database, limit: float) -> str:
    """Finish the present segment and wait until the archive has it."""
    mode, _, recovering = database.ask(SETTINGS)[0]
    if mode == "off" or recovering:
        return ""
    rows = database.ask_if_permitted(SWITCH)
    if rows is None:
        return "this role may not call pg_switch_wal(); a superuser can grant EXECUTE on it"
    wanted, deadline = rows[0][0], time.monotonic() + limit
    while True:
        # In a transaction the server would show the same numbers again.
        last = database.ask("SELECT last_archived_wal FROM pg_catalog.pg_stat_archiver")[0][0]
        if last is not None and len(last) >= NAME_LENGTH and last[:NAME_LENGTH] >= wanted:
            return ""
        if time.monotonic() >= deadline:
            return f"{wanted} was not archived within {limit:.0f} s (last: {last or 'none'})"
        time.sleep(LOOK_EVERY)


def _segments_between(archived: str, now: str, size: int) -> int | None:
    """Return how many finished segments come after the last that was archived; None on another timeline, or after no segment."""
    if len(archived) < NAME_LENGTH or archived[:8] != now[:8]:
        return None
    return max(0, _number(now, size) - _number(archived, size) - 1)


def _number(name: str, size: int) -> int:
    """The number of a segment: https://www.postgresql.org/docs/current/wal-internals.html"""
    return int(name[8:16], 16) * (0x1_0000_0000 // size) + int(name[16:24], 16)


def _ago(seconds: float | None) -> str:
    return "at a moment not known" if seconds is None else f"{max(0.0, seconds):.0f} s ago"
