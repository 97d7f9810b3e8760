"""
How long the statements of a step may wait and run, which a migration can say for itself::

    class Migration(migrations.Migration):
        safe_migrate_lock_timeout = "500ms"
        safe_migrate_statement_timeout = "1h"

None stands for the server's own setting. What a migration says wins over settings and options.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django_safe_migrate import values
from django_safe_migrate.exceptions import SafeMigrateError

if TYPE_CHECKING:
    from django.db.migrations import Migration

LOCK_TIMEOUT = "safe_migrate_lock_timeout"
STATEMENT_TIMEOUT = "safe_migrate_statement_timeout"


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Bounds in seconds: of each wait for a lock, and of each statement; None leaves the server's setting."""

    lock: float | None
    statement: float | None


def limits_of(migration: Migration, usual: Limits) -> Limits:
    """
    Return the bounds of a migration: its own where it has some, else the usual ones.

    Raises:
        SafeMigrateError: the migration says something that is no duration.
    """
    return Limits(
        _marked(migration, LOCK_TIMEOUT, usual.lock),
        _marked(migration, STATEMENT_TIMEOUT, usual.statement),
    )


def check_limits(migrations: Iterable[Migration]) -> None:
    """Raise ``SafeMigrateError`` when one of the migrations says something about its bounds that is no duration."""
    for migration in migrations:
        limits_of(migration, Limits(None, None))


def _marked(migration: Migration, name: str, usual: float | None) -> float | None:
    value: Any = getattr(migration, name, usual)
    try:
        return values.optional_duration(value)
    except (TypeError, ValueError):
        raise SafeMigrateError(
            f"{migration.app_label}.{migration.name}: {name} is {value!r}; it must be seconds, a duration such as '2s', or None."
        ) from None
