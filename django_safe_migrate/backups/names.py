"""Names of what backups and restores leave behind, so that everyone can recognise them."""

from __future__ import annotations

import datetime
import hashlib
import re
import secrets
import time
from collections.abc import Callable

#: Databases and files with this prefix are the work of a restore; left over after a crash, they can be dropped.
SCRATCH_PREFIX = "safe_migrate_restore_"
#: A restore that is older than this is not under way any more.
ABANDONED = datetime.timedelta(days=1)
_STAMP = r"\d{8}t\d{6}"


def stamp() -> str:
    """Return the present moment, UTC, fit for the name of a database on every vendor."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dt%H%M%S")


def scratch_name() -> str:
    """Return a name for a database that is being restored into."""
    return f"{SCRATCH_PREFIX}{stamp()}_{secrets.token_hex(3)}"


def is_abandoned(name: str) -> bool:
    """Whether a name is one that ``scratch_name`` made, more than a day ago: no restore under way is that old."""
    match = re.fullmatch(re.escape(SCRATCH_PREFIX) + f"({_STAMP})_[0-9a-f]{{6}}", name)
    if match is None:
        return False
    made = datetime.datetime.strptime(match[1], "%Y%m%dt%H%M%S").replace(tzinfo=datetime.UTC)
    return datetime.datetime.now(datetime.UTC) - made > ABANDONED


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
