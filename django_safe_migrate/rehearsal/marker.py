"""
The mark of a copy: a table with a random word that only the process that made the copy, and the one that rehearses, know.

Checked before anything is changed, and again before each pass: whatever settings, options and environment say, a database without the
mark is not the copy.
"""

from __future__ import annotations

import secrets
from pathlib import PurePath
from typing import TYPE_CHECKING

from django_safe_migrate.backups.names import SCRATCH_PREFIX
from django_safe_migrate.databases.meters import meter
from django_safe_migrate.exceptions import RehearsalFailed

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database

TABLE = "safe_migrate_rehearsal"


def put(database: Database, name: str) -> str:
    """
    Mark a scratch database of this name, and return the word.

    Raises:
        RehearsalFailed: the connection leads to another database than the one that was restored.
    """
    _ensure_name(database, name)
    token = secrets.token_hex(16)
    quoted = database.connection.ops.quote_name(TABLE)
    with database.connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {quoted} (token VARCHAR(32) NOT NULL)")
        cursor.execute(f"INSERT INTO {quoted} (token) VALUES (%s)", [token])  # noqa: S608 - a constant
    return token


def check(database: Database, name: str, token: str) -> None:
    """
    Make sure that a connection leads to the marked copy.

    Raises:
        RehearsalFailed: it does not, so nothing may be done on it.
    """
    _ensure_name(database, name)
    quoted = database.connection.ops.quote_name(TABLE)
    found = database.tables()
    words = database.ask(f"SELECT token FROM {quoted}") if TABLE in found else []  # noqa: S608 - a constant
    if words != [(token,)]:
        raise RehearsalFailed(
            f"The database {name} does not carry the mark of the copy that was made for this rehearsal. Nothing was done on it."
        )


def _ensure_name(database: Database, name: str) -> None:
    """The server says where the connection leads: options of a driver can overrule the name in the settings."""
    told = meter(database).database_name()
    if PurePath(told).name != PurePath(name).name or not PurePath(told).name.startswith(
        SCRATCH_PREFIX
    ):
        raise RehearsalFailed(
            f"The connection that should lead to the copy {name} leads to {told}: an option in DATABASES or in the environment overrules "
            "the name. Nothing was done on it."
        )
