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
_TARGET = re.compile(r"(?:(postgresql|mariadb|mysql|sqlite)\s+)?(\d+(?:\.\d+){0,2})", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*(%|[kmgtp]?b)?", re.IGNORECASE)
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "pb": 10**15}


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


@dataclasses.dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or a share of a total that is not known yet: ``number`` is then the percentage."""

    number: float
    is_share: bool

    def of(self, total: float) -> float:
        """Return the number that is meant where this is the total."""
        return total * self.number / 100 if self.is_share else self.number

    @property
    def text(self) -> str:
        """The quantity as the settings write it, without a unit unless it is a percentage."""
        return f"{self.number:g} %" if self.is_share else f"{self.number:,.0f}"


@dataclasses.dataclass(frozen=True, slots=True)
class StartAction:
    """What a condition makes of a run before it starts: ``report``, ``wait`` for so many seconds, or ``stop``."""

    action: str
    limit: float = 0.0


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


def start_action(value: Any) -> StartAction:
    """Return what to do from ``report``, ``stop`` or a text such as ``wait 10min``."""
    word, _, limit = text(value).strip().partition(" ")
    if word == "wait":
        return StartAction("wait", duration(limit))
    if word not in {"report", "stop"} or limit:
        raise ValueError
    return StartAction(word)


def quantity(value: Any) -> Quantity:
    """Return a whole number from 0 on, or a percentage such as ``80%``."""
    found = _quantity(value)
    if found is None or found[1] not in {"", "%"}:
        raise ValueError
    return _checked_quantity(found[0], is_share=found[1] == "%")


def size(value: Any) -> Quantity:
    """Return bytes from a number or a text such as ``500MB`` (powers of 1000), or a percentage such as ``10%``."""
    number, unit = _quantity(value) or (-1.0, "")
    return _checked_quantity(number * _BYTES.get(unit, 1), is_share=unit == "%")


def _quantity(value: Any) -> tuple[float, str] | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    match = _QUANTITY.fullmatch(str(value).strip())
    return None if match is None else (float(match[1]), (match[2] or "").lower())


def _checked_quantity(number: float, *, is_share: bool) -> Quantity:
    if number < 0 or (is_share and number > 100):
        raise ValueError
    return Quantity(number, is_share)


def truth(value: Any) -> bool:
    """Return True or False as it is."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def text_or_texts(value: Any) -> tuple[str, ...]:
    """Return one text, or a list of at least one, as a tuple."""
    found = (text(value),) if isinstance(value, str) else texts(value)
    if not found:
        raise ValueError
    return found


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


@dataclasses.dataclass(frozen=True, slots=True)
class TargetVersion:
    """The server that migrations are for; ``product`` is in lower case, empty when only a version was given."""

    product: str
    version: tuple[int, ...]


def target_version(value: Any) -> TargetVersion | None:
    """Return the server of a text such as ``16``, ``mariadb 10.11`` or ``MySQL 8.4``, or None."""
    if value is None:
        return None
    match = _TARGET.fullmatch(text(value).strip())
    if match is None:
        raise ValueError
    return TargetVersion((match[1] or "").lower(), tuple(int(part) for part in match[2].split(".")))


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


def urls(value: Any) -> tuple[str, ...]:
    """Return a list of URLs of web pages as a tuple."""
    found = texts(value)
    for url in found:
        if not re.match(r"https?://[^/\s]", url):
            raise ValueError(f"cannot read {url!r}")
    return found


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
