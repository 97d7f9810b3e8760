"""The binary log of MariaDB and MySQL: where it is, and whether it has all that a replay needs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.positions import PointInTime, Position

if TYPE_CHECKING:
    from django_safe_migrate.databases.mysql.database import MySQLDatabase

LOG = "binary log"
MARIADB_STATUS = "SHOW MASTER STATUS"
#: From MySQL 8.2 on; MySQL 8.4 knows only this one.
MYSQL_STATUS = "SHOW BINARY LOG STATUS"
SETTINGS = "SELECT @@global.log_bin, @@session.sql_log_bin, @@session.binlog_format"


def position(database: MySQLDatabase) -> Position | None:
    """Return the end of the binary log; None when it is off, or this role may not see it."""
    status = _status(database) if _is_logged(database) else None
    if status is None:
        return None
    return Position(log=LOG, at=f"{status[0]}:{status[1]}", gtid=_gtid(database, status))


def point_in_time(database: MySQLDatabase) -> PointInTime:
    """Judge by the server's settings, and by which databases its log leaves out."""
    log, session, how = database.ask(SETTINGS)[0]
    if not log:
        return PointInTime(possible=False, why="log_bin is off: this server writes no binary log.")
    if not session:
        return PointInTime(
            possible=False,
            why="sql_log_bin is off for this session: the binary log lacks its changes.",
        )
    status = _status(database)
    if status is None:
        return PointInTime(
            possible=None,
            why=f"log_bin is on, and this role may not ask where it is, which {_privilege(database)} permits.",
        )
    if _is_left_out(database.name, str(status[2] or ""), str(status[3] or "")):
        return PointInTime(
            possible=False,
            why=f"The binary log leaves the database {database.name} out (binlog_do_db, binlog_ignore_db).",
        )
    caution = (
        ""
        if how == "ROW"
        else f" With binlog_format {how} some statements may not give the same again."
    )
    return PointInTime(
        possible=True,
        why=f"The binary log is on; a backup from before the point is needed as well.{caution}",
    )


def replay(
    database: MySQLDatabase, start: Mapping[str, Any], stop: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the commands that replay the binary log from one position to another; none where they are not two of one log, in this order."""
    first, last = _place(start), _place(stop)
    if first is None or last is None or first[0] != last[0] or first[1:] > last[1:]:
        return ()
    base, began, offset = first
    files = [f"{base}.{number:06d}" for number in range(began, last[1] + 1)]
    programs = ("mariadb-binlog", "mariadb") if database.is_mariadb else ("mysqlbinlog", "mysql")
    name, where = shlex.quote(database.name), _where(database)
    read = (
        f"{programs[0]} --read-from-remote-server {where} --start-position={offset} --stop-position={last[2]} "
        f"--database={name} {' '.join(map(shlex.quote, files))} > replay.sql"
    )
    return (
        "# Read what was written between the backup and the point; the program asks for the password:",
        read,
        "# Look into the file if you like. It is carried out where it was written, on the restored database:",
        f"{programs[1]} {where} --binary-mode {name} < replay.sql",
    )


def _place(position: Mapping[str, Any]) -> tuple[str, int, int] | None:
    """Return the base name, the number of the file and the offset of a position."""
    file, _, offset = str(position.get("at") or "").rpartition(":")
    base, _, number = file.rpartition(".")
    return (base, int(number), int(offset)) if number.isdecimal() and offset.isdecimal() else None


def _where(database: MySQLDatabase) -> str:
    """Return the options that say where the server is and as whom to come; the password is asked for."""
    settings = database.connection.settings_dict
    host, port, user = (str(settings[key] or "") for key in ("HOST", "PORT", "USER"))
    place = f"--socket={shlex.quote(host)}" if "/" in host else f"--host={shlex.quote(host)}"
    parts = [place if host else "", f"--port={port}" if port else ""]
    parts += [f"--user={shlex.quote(user)}" if user else "", "--password"]
    return " ".join(filter(None, parts))


def _is_logged(database: MySQLDatabase) -> bool:
    log, session, _ = database.ask(SETTINGS)[0]
    return bool(log and session)


def _status(database: MySQLDatabase) -> tuple[Any, ...] | None:
    renamed = not database.is_mariadb and database.version >= (8, 2)
    rows = database.ask_if_permitted(MYSQL_STATUS if renamed else MARIADB_STATUS)
    return rows[0] if rows else None


def _gtid(database: MySQLDatabase, status: tuple[Any, ...]) -> str:
    if not database.is_mariadb:
        return "".join(str(status[4] or "").split()) if len(status) > 4 else ""
    rows = database.ask_if_permitted("SELECT @@global.gtid_binlog_pos")
    return str(rows[0][0] or "") if rows else ""


def _privilege(database: MySQLDatabase) -> str:
    return "BINLOG MONITOR" if database.is_mariadb else "REPLICATION CLIENT"


def _is_left_out(name: str, only: str, without: str) -> bool:
    chosen, ignored = ({one for one in text.split(",") if one} for text in (only, without))
    return name not in chosen if chosen else name in ignored
