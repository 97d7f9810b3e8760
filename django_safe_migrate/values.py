"""Parsers of setting and option values; each returns the checked value or raises ``ValueError`` or ``TypeError``."""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_UNITS = {
    "ms": 0.001,
    "": 1.0,
    "s": 1.0,
    "sec": 1.0,
    "min": 60.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_WINDOW = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s+)?(\d\d):(\d\d)-(\d\d):(\d\d)", re.IGNORECASE
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """A span of the day, on one weekday (0 is Monday) or on all; it may pass midnight."""

    weekday: int | None
    start: datetime.time
    end: datetime.time
    text: str

    def contains(self, moment: datetime.datetime) -> bool:
        """Return whether a moment of the project's time zone lies inside; the end is exclusive."""
        now, day = moment.time(), moment.weekday()
        if self.start < self.end:
            return self.start <= now < self.end and self.weekday in {None, day}
        if now >= self.start:
            return self.weekday in {None, day}
        return now < self.end and self.weekday in {None, (day - 1) % 7}


def duration(value: Any) -> float:
    """Return seconds from a number, a ``timedelta`` or a text such as ``500ms``, ``2s``, ``10min``, ``1h``."""
    if isinstance(value, datetime.timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError
        value = float(match[1]) * _UNITS[match[2].lower()]
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return float(value)


def optional_duration(value: Any) -> float | None:
    """Return seconds, or None."""
    return None if value is None else duration(value)


def choice(*accepted: str) -> Callable[[Any], str]:
    """Return a parser that takes only these texts."""

    def parse(value: Any) -> str:
        if value not in accepted:
            raise ValueError
        return str(value)

    return parse


def text(value: Any) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def optional_text(value: Any) -> str | None:
    """Return a text that is not empty, or None."""
    return None if value is None else text(value)


def optional_path(value: Any) -> Path | None:
    """Return a path, or None."""
    if value is None:
        return None
    if not isinstance(value, str | Path) or not str(value):
        raise TypeError
    return Path(value)


def texts(value: Any) -> tuple[str, ...]:
    """Return a list or tuple of texts as a tuple."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError
    return tuple(text(item) for item in value)


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a copy of a dictionary with text keys."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError
    return dict(value)


def whole_number(*, minimum: int) -> Callable[[Any], int]:
    """Return a parser of whole numbers from ``minimum`` on."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError
        if value < minimum:
            raise ValueError
        return value

    return parse


def severities(value: Any) -> Mapping[str, str]:
    """Return rule names with error, warning, info or off."""
    parse = choice("error", "warning", "info", "off")
    return {name: parse(severity) for name, severity in mapping(value).items()}


def health_checks(value: Any) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return (dotted path, options) pairs from paths and pairs."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError
    pairs = [(item, {}) if isinstance(item, str) else item for item in value]
    return tuple((text(path), mapping(options)) for path, options in pairs)


def windows(value: Any) -> tuple[Window, ...]:
    """Return windows from texts such as ``Sat 02:00-04:00``."""
    return tuple(_window(item) for item in texts(value))


def _window(value: str) -> Window:
    match = _WINDOW.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"cannot read {value!r}")
    weekday = _DAYS.index(match[1].lower()) if match[1] else None
    start = datetime.time(int(match[2]), int(match[3]))
    end = datetime.time(int(match[4]), int(match[5]))
    return Window(weekday, start, end, value.strip())
