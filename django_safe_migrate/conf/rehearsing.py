"""The ``REHEARSE`` setting: a word, or a dictionary whose keys are documented here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django_safe_migrate import values
from django_safe_migrate.conf.checking import check
from django_safe_migrate.conf.keys import Key

NEVER, DESTRUCTIVE, ALWAYS = "never", "destructive", "always"
WHEN = (NEVER, DESTRUCTIVE, ALWAYS)
#: As ``rehearsal.receipt.EXTENTS`` explains them.
SCHEMA = "schema"
EXTENTS = ("forwards", "return", "full", SCHEMA)


@dataclasses.dataclass(frozen=True, slots=True)
class RehearseSettings:
    """
    Whether and how runs rehearse their plan; seconds.

    ``max_ratio``: a migration that takes more than so many times its rehearsed seconds is stopped, once it has taken ``floor`` seconds.
    """

    when: str
    extent: str
    sample: int
    reach: tuple[str, ...]
    no_owner: bool
    max_ratio: float | None
    floor: float


def _ratio(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not 1 <= value < float("inf"):
        raise ValueError
    return float(value)


def _rows(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if value < 1:
        raise ValueError
    return value


REHEARSE_KEYS: dict[str, Key] = {
    "WHEN": Key(
        NEVER,
        values.choice(*WHEN),
        "'never', 'destructive' or 'always'",
        "When a run rehearses its plan on a copy before it touches the database. 'destructive': when the plan can lose data or runs "
        "code whose effect is not known. `--rehearse` asks for it in any case.",
    ),
    "EXTENT": Key(
        "return",
        values.choice(*EXTENTS),
        "'forwards', 'return', 'full' or 'schema'",
        "How far a rehearsal goes. 'forwards': the plan. 'return': the plan, back, and the plan again, with the values of tables below "
        "EXACT_COUNT_BELOW rows compared. 'full': the same with the values of every table compared. 'schema': the same, not on a restored "
        "backup but on the schema and SAMPLE rows of each table.",
    ),
    "SAMPLE": Key(
        1000,
        _rows,
        "a number of rows, at least 1",
        "With the extent 'schema': the rows of each table to take, the first and the last ones. Rows that they refer to come with them.",
    ),
    "REACH": Key(
        (),
        values.texts,
        "a list of database aliases",
        "Databases that migrations may reach, for real, while they are rehearsed. Every other alias raises.",
    ),
    "NO_OWNER": Key(
        False,
        values.truth,
        "True or False",
        "On PostgreSQL: restore the copy without the owners and privileges of the backup.",
    ),
    "MAX_RATIO": Key(
        None,
        _ratio,
        "a number of at least 1, or None",
        "A migration that takes more than so many times as long as it did on the copy is stopped as a circuit breaker stops it; None: it "
        "is not.",
    ),
    "FLOOR": Key(
        "30s",
        values.duration,
        "seconds or a duration such as '30s'",
        "MAX_RATIO stops no migration before it has taken so long.",
    ),
}


def parse(raw: Mapping[str, Any], setting: str) -> RehearseSettings:
    """Return the checked dictionary; raise ``ImproperlyConfigured`` when a key or value is not accepted."""
    return RehearseSettings(**check(raw, REHEARSE_KEYS, f'{setting}["REHEARSE"]'))
