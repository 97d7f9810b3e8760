"""The ``PRESERVE`` dictionary: whether what migrations destroy is kept in the database, how much of it, and how long."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django_safe_migrate import values
from django_safe_migrate.conf.checking import check
from django_safe_migrate.conf.keys import Key


@dataclasses.dataclass(frozen=True, slots=True)
class PreserveSettings:
    """What is kept: ``max_rows`` and ``max_size`` (bytes) bound one copy, ``keep_for`` is in seconds."""

    enabled: bool
    max_rows: int
    max_size: int
    keep_for: float


def _bytes(value: Any) -> int:
    quantity = values.size(value)
    if quantity.is_share:
        raise ValueError
    return int(quantity.number)


PRESERVE_KEYS: dict[str, Key] = {
    "ENABLED": Key(
        True,
        values.truth,
        "True or False",
        "Whether rows and values are copied into a side table of the same database before a migration drops their table or column, or "
        "changes its type to one that cannot hold them.",
    ),
    "MAX_ROWS": Key(
        100_000,
        values.whole_number(minimum=0),
        "a whole number of at least 0",
        "A table with more rows than this is not copied, and the run says so beforehand: only the backup has them then.",
    ),
    "MAX_SIZE": Key(
        "100MB",
        _bytes,
        "bytes or a size such as '100MB'",
        "Values that take more than this are not copied either.",
    ),
    "KEEP_FOR": Key(
        "30d",
        values.duration,
        "seconds or a duration such as '30d'",
        "How long copies are kept; older ones are dropped after a successful run, and by `migrate_backup prune`.",
    ),
}


def parse(raw: Mapping[str, Any], setting: str) -> PreserveSettings:
    """Return the checked dictionary; raise ``ImproperlyConfigured`` when a key or value is not accepted."""
    return PreserveSettings(**check(raw, PRESERVE_KEYS, f'{setting}["PRESERVE"]'))
