"""The ``BREAKERS`` dictionary: what each circuit breaker accepts, its defaults and its documentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate import values
from django_safe_migrate.conf.checking import check, unknown_key
from django_safe_migrate.conf.keys import REQUIRED, Key

PAUSE, STOP = "pause", "stop"

REPLICA_LAG = "REPLICA_LAG"
DISK_FREE = "DISK_FREE"
ACTIVE_CONNECTIONS = "ACTIVE_CONNECTIONS"
HEALTH_CHECKS = "HEALTH_CHECKS"
CALLABLE = "CALLABLE"
STOP_FILE = "STOP_FILE"
WINDOW_END = "WINDOW_END"


@dataclasses.dataclass(frozen=True, slots=True)
class BreakerSettings:
    """
    One circuit breaker; durations in seconds.

    ``action`` is pause or stop; a pause longer than ``pause_limit`` becomes a stop. ``cancel``: whether a stop cancels the statement that
    runs, or waits for its end. ``options`` are the keys that only this breaker has, in lower case.
    """

    name: str
    action: str
    pause_limit: float
    every: float
    cancel: bool
    options: Mapping[str, Any]


def _duration(default: str, doc: str) -> Key:
    return Key(default, values.duration, "seconds or a duration such as '10min'", doc)


def _common(*, action: str, every: str, cancel: bool = True) -> dict[str, Key]:
    return {
        "ACTION": Key(
            action,
            values.choice(PAUSE, STOP),
            "'pause' or 'stop'",
            "Hold the plan before its next operation until the condition is over, or stop it.",
        ),
        "PAUSE_LIMIT": _duration("10min", "How long a pause may last before it becomes a stop."),
        "EVERY": _duration(every, "How often it is looked at."),
        "CANCEL": Key(
            cancel,
            values.truth,
            "True or False",
            "Whether a stop cancels the statement that runs, or waits for its end.",
        ),
    }


#: By breaker: its keys. The first one is what a value stands for that is no dictionary; one without a default must be given.
BREAKER_KEYS: dict[str, dict[str, Key]] = {
    REPLICA_LAG: {
        "ABOVE": Key(
            REQUIRED,
            values.duration,
            "seconds or a duration such as '30s'",
            "A replica is further behind than this.",
        ),
        "REPLICAS": Key(
            (),
            values.texts,
            "a list of aliases of DATABASES",
            "Replicas to ask themselves, for servers that do not know the lag of theirs, as MariaDB and MySQL.",
        ),
        **_common(action=PAUSE, every="1s"),
    },
    DISK_FREE: {
        "BELOW": Key(
            REQUIRED,
            values.size,
            "bytes, a size such as '5GB' or a percentage such as '10%'",
            "Less than this is free where the server keeps its data.",
        ),
        "PATH": Key(
            None,
            values.optional_path,
            "a path or None",
            "A folder on the disk to look at; None: the data directory of the server, or the file of SQLite.",
        ),
        **_common(action=STOP, every="1s"),
    },
    ACTIVE_CONNECTIONS: {
        "ABOVE": Key(
            REQUIRED,
            values.quantity,
            "a number, or a percentage of max_connections such as '80%'",
            "More clients than this are connected to the server, ourselves included.",
        ),
        **_common(action=PAUSE, every="1s"),
    },
    HEALTH_CHECKS: {
        "FAILURES": Key(
            2,
            values.whole_number(minimum=1),
            "a whole number of at least 1",
            "One of HEALTH_CHECKS that passed before the run fails so often in a row.",
        ),
        **_common(action=STOP, every="15s"),
    },
    CALLABLE: {
        "PATHS": Key(
            REQUIRED,
            values.text_or_texts,
            "a dotted path, or a list of them",
            "Functions of yours, called with the alias of the database: one that returns a text opens the breaker, and the text is the "
            "reason. So does one that raises.",
        ),
        **_common(action=PAUSE, every="5s"),
    },
    STOP_FILE: {
        "PATH": Key(
            None,
            values.optional_path,
            "a path, relative to BASE_DIR, or None",
            "The file exists; its text is the reason. None: the file `stop` in the folder of journals. This breaker is on unless it is turned "
            "off.",
        ),
        **_common(action=STOP, every="0.5s"),
    },
    WINDOW_END: {
        "BEFORE": Key(
            0,
            values.duration,
            "seconds or a duration such as '5min'",
            "The maintenance window closes, or will do so within this time.",
        ),
        **_common(action=STOP, every="1s", cancel=False),
    },
}

#: Breakers that look at what another key of the settings names.
_NEEDS = {HEALTH_CHECKS: "HEALTH_CHECKS", WINDOW_END: "MAINTENANCE_WINDOWS"}
_COMMON = frozenset({"action", "pause_limit", "every", "cancel"})


def parse(
    raw: Mapping[str, Any], others: Mapping[str, Any], setting: str
) -> dict[str, BreakerSettings]:
    """
    Return the breakers that are on, by name: those that are given, without those that are None, and the stop file.

    Args:
        raw: the dictionary ``BREAKERS``.
        others: the checked values of the other keys, in lower case.
        setting: the name of the whole setting.

    Raises:
        ImproperlyConfigured: a breaker or key is unknown, a value is not accepted, or what a breaker looks at is not configured.
    """
    where = f'{setting}["BREAKERS"]'
    for name in raw:
        if name not in BREAKER_KEYS:
            raise ImproperlyConfigured(unknown_key(name, BREAKER_KEYS, where))
    given = {STOP_FILE: {}, **raw}
    on = {name: value for name, value in given.items() if value is not None}
    for name in on:
        if name in _NEEDS and not others[_NEEDS[name].lower()]:
            raise ImproperlyConfigured(
                f'{where} has {name!r}, which needs {setting}["{_NEEDS[name]}"], and that is empty.'
            )
    return {name: _breaker(name, value, f'{where}["{name}"]') for name, value in on.items()}


def _breaker(name: str, value: Any, where: str) -> BreakerSettings:
    keys = BREAKER_KEYS[name]
    given = value if isinstance(value, Mapping) else {next(iter(keys)): value}
    checked = check(given, keys, where)
    common = {key: checked.pop(key) for key in _COMMON}
    return BreakerSettings(name=name, options=checked, **common)
