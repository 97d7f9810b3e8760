"""The ``BEFORE_START`` dictionary: what a run does about what it finds before it begins."""

from __future__ import annotations

from django_safe_migrate import values
from django_safe_migrate.conf.keys import Key

_START = "'report', 'stop', or 'wait' with a duration such as 'wait 10min'"

START_KEYS: dict[str, Key] = {
    "LONG_TRANSACTION": Key(
        "wait 10min",
        values.start_action,
        _START,
        "A transaction older than LONG_TRANSACTION that holds a table which the plan locks, or that the plan waits for in any case.",
    ),
    "PREPARED_TRANSACTION": Key(
        "stop",
        values.start_action,
        _START,
        "A prepared transaction older than LONG_TRANSACTION that holds such a table: no session will end it by itself.",
    ),
    "ANTI_WRAPAROUND_VACUUM": Key(
        "wait 10min",
        values.start_action,
        _START,
        "An autovacuum of PostgreSQL to prevent wraparound on a table that the plan locks: unlike others, it does not make way.",
    ),
    "REPLICATION_LAG": Key(
        "report",
        values.start_action,
        _START,
        "A replica that is further behind than REPLICATION_LAG.",
    ),
    "INVALID_INDEX": Key(
        "report",
        values.start_action,
        _START,
        "An invalid index on a table that the plan is about, left by a build that failed. One that the plan itself drops, or builds concurrently, does not count.",
    ),
}
