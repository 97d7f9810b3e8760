"""What the errors of MariaDB and MySQL mean, by number."""

from __future__ import annotations

import errno
import re
from typing import Any

from django.db.utils import InterfaceError

from django_safe_migrate.databases.causes import causes

#: ER_LOCK_WAIT_TIMEOUT (also of metadata locks, and of NOWAIT on MariaDB), ER_LOCK_DEADLOCK, ER_LOCK_NOWAIT (MySQL).
LOCK = frozenset({1205, 1213, 3572})
#: The server is going (1053), cut the connection (1152, 1184, 1927, 4031), or lost packets (1158 to 1161); the client could not
#: connect (2001 to 2005, 2012, 2026) or noticed the loss (2006, 2013, 2055).
CONNECTION = frozenset(
    {
        1053,
        1152,
        1158,
        1159,
        1160,
        1161,
        1184,
        1927,
        4031,
        2001,
        2002,
        2003,
        2004,
        2005,
        2006,
        2012,
        2013,
        2026,
        2055,
    }
)
#: Access denied to a database, a command, a table, a column, a routine or for want of a global privilege; and what a server of
#: another version or product does not know: column, syntax, table, variable, feature.
REFUSAL = frozenset({1044, 1142, 1143, 1227, 1370, 1054, 1064, 1109, 1146, 1193, 1235})
#: No room on the disk of the server, for a table, or for what an index build sorts: ER_DISK_FULL, ER_RECORD_FILE_FULL, ER_TEMP_FILE_WRITE_FAILURE.
FULL = frozenset({1021, 1114, 1878})
#: What other errors of files say of the operating system's: EE_WRITE, ER_CANT_CREATE_TABLE, ER_ERROR_ON_WRITE, ER_GET_ERRNO.
_FILE = frozenset({3, 1005, 1026, 1030})
_NO_ROOM = re.compile(rf"(?:Errcode|errno|Got error):? {errno.ENOSPC}\b")


def number(error: BaseException) -> int:
    """Return the server's or the client's number of an error, 0 when there is none."""
    for cause in causes(error):
        if cause.args and isinstance(cause.args[0], int):
            return cause.args[0]
    return 0


def is_full(error: BaseException) -> bool:
    """Whether there is no room on a disk of the server."""
    found = number(error)
    return found in FULL or (found in _FILE and _NO_ROOM.search(str(error)) is not None)


def is_connection_error(connection: Any, error: BaseException) -> bool:
    """Whether the connection is gone; on one that was closed the driver raises an error without a number."""
    found = number(error)
    if found:
        return found in CONNECTION
    own = (connection.Database.InterfaceError, InterfaceError)
    return any(isinstance(cause, own) for cause in causes(error))
