"""Names of what backups and restores leave behind, so that everyone can recognise them."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import secrets
import socket
import time
from collections.abc import Callable

import psutil

#: Databases and files with this prefix are the work of a restore; left over after a crash, they can be dropped.
SCRATCH_PREFIX = "safe_migrate_restore_"
#: A restore of another host that is older than this is not under way any more.
ABANDONED = datetime.timedelta(days=1)
_STAMP = r"\d{8}t\d{6}"
_SCRATCH = re.compile(
    re.escape(SCRATCH_PREFIX) + f"({_STAMP})_([0-9a-f]{{6}})_(\\d+)_[0-9a-f]{{4}}"
)
#: Seconds by which the clock and the kernel's idea of when a process began may differ.
CLOCK_TOLERANCE = 5.0


def stamp() -> str:
    """Return the present moment, UTC, fit for the name of a database on every vendor."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dt%H%M%S")


def scratch_name() -> str:
    """Return a name for a database that is being restored into; it tells whose work it is."""
    return f"{SCRATCH_PREFIX}{stamp()}_{_this_host()}_{os.getpid()}_{secrets.token_hex(2)}"


def is_abandoned(name: str) -> bool:
    """
    Whether a name is one that ``scratch_name`` made, by a process of this host that is gone, or anywhere more than a day ago.

    A number that another process has now, which began later, counts as gone.
    """
    match = _SCRATCH.fullmatch(name)
    if match is None:
        return False
    made = datetime.datetime.strptime(match[1], "%Y%m%dt%H%M%S").replace(tzinfo=datetime.UTC)
    if match[2] == _this_host():
        return not _is_alive(int(match[3]), made)
    return datetime.datetime.now(datetime.UTC) - made > ABANDONED


def _this_host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]


def _is_alive(pid: int, made: datetime.datetime) -> bool:
    try:
        began = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return began <= made.timestamp() + CLOCK_TOLERANCE


def before_name(name: str, limit: int) -> str:
    """Return the name under which the state from before a restore is kept, at most ``limit`` bytes long."""
    return f"{_shortened(name, limit)}_before_{stamp()}"


def free_name(make: Callable[[], str], is_taken: Callable[[str], bool]) -> str:
    """Return the first name that nobody has; names carry the second, so another one comes soon."""
    name = make()
    while is_taken(name):
        time.sleep(0.1)
        name = make()
    return name


def is_before_name(candidate: str, name: str, limit: int) -> bool:
    """Whether a name is one that ``before_name`` makes for this database."""
    return bool(re.fullmatch(re.escape(f"{_shortened(name, limit)}_before_") + _STAMP, candidate))


def is_before_file(candidate: str, name: str) -> bool:
    """Whether a file is one in which a restore of this SQLite file kept the state from before."""
    return bool(re.fullmatch(re.escape(f"{name}.before-") + _STAMP, candidate))


def _shortened(name: str, limit: int) -> str:
    """Cut a name so that the suffix fits; a digest keeps two long names with one beginning apart."""
    room = limit - len("_before_20260101t000000")
    encoded = name.encode()
    if len(encoded) <= room:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    return encoded[: room - 9].decode(errors="ignore") + "_" + digest
