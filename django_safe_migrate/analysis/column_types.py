"""Types of columns taken apart, and which values do not survive a change of theirs; what such a change costs is the fact books' to say."""

from __future__ import annotations

import dataclasses
import re

_TYPE = re.compile(r"([a-z][a-z ]*?)\s*(?:\(([\d, ]+)\))?\s*(unsigned)?(\[\d*\].*)?", re.IGNORECASE)

#: What MariaDB and MySQL say after the type of a column that they count up: which values it holds does not depend on it.
_COUNTED = re.compile(r"\s+AUTO_INCREMENT\Z", re.IGNORECASE)

_TEXTS = {"text", "longtext", "citext"}
STRINGS = _TEXTS | {"varchar", "char"}
#: Decimal digits that each integer type can need.
INTEGERS = {"smallint": 5, "integer": 10, "bigint": 19}
NUMBERS = {*INTEGERS, "numeric", "decimal"}
#: Characters that the longest value of other types needs as a text: years of seven digits, BC, offsets to the second.
_LENGTHS = {
    "boolean": 5,
    "bool": 5,
    "date": 13,
    "datetime": 26,
    "double precision": 24,
    "real": 15,
    "time": 17,
    "timestamp": 29,
    "timestamp with time zone": 38,
    "uuid": 36,
}


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnType:
    """A type as the database writes it, taken apart: ``numeric(7, 2)`` is ``numeric`` with (7, 2)."""

    name: str
    sizes: tuple[int, ...]
    unsigned: bool
    array: str

    @classmethod
    def parse(cls, text: str) -> ColumnType:
        """Take a type apart; one that cannot be read is a name without sizes."""
        match = _TYPE.fullmatch(_COUNTED.sub("", text.strip()))
        if match is None:
            return cls(text.strip().lower(), (), False, "")
        sizes = tuple(int(size) for size in match[2].split(",")) if match[2] else ()
        return cls(match[1].lower(), sizes, bool(match[3]), match[4] or "")

    @property
    def length(self) -> float:
        """How many characters a string type takes."""
        return self.sizes[0] if self.sizes and self.name not in _TEXTS else float("inf")

    @property
    def text_length(self) -> float:
        """How many characters the longest value needs as a text; infinite where that is not known."""
        if self.name in STRINGS:
            return self.length
        if self.name in NUMBERS:
            # A sign, a point, and a zero before the point.
            return max(self.whole_digits, 1) + self.scale + (2 if self.scale else 1)
        return _LENGTHS.get(self.name, float("inf"))

    @property
    def whole_digits(self) -> float:
        """How many digits before the point a number can have."""
        if self.name in INTEGERS:
            return INTEGERS[self.name] + (1 if self.unsigned and self.name == "bigint" else 0)
        return self.sizes[0] - self.scale if self.sizes else float("inf")

    @property
    def scale(self) -> float:
        """How many digits after the point a number can have."""
        if self.name in INTEGERS:
            return 0
        if not self.sizes:
            return float("inf")
        return self.sizes[1] if len(self.sizes) > 1 else 0


def loses_values(vendor: str, old: str, new: str) -> bool:
    """Return whether there are values of the old type that the new one cannot hold as they are; not where types are not known."""
    if old == new or not (old and new) or vendor in _KEEP_ANYTHING:
        return False
    before, after = ColumnType.parse(old), ColumnType.parse(new)
    if before.array != after.array:
        return True
    return not _holds(before, after)


def _holds(before: ColumnType, after: ColumnType) -> bool:
    if after.name in _TEXTS and not after.array:
        return True
    if after.name in {"varchar", "char"}:
        return before.text_length <= after.length
    if before.name in INTEGERS and after.name in INTEGERS:
        return _holds_integers(before, after)
    if before.name in NUMBERS and after.name in NUMBERS:
        return before.whole_digits <= after.whole_digits and before.scale <= after.scale
    return (before.name, after.name) in _HELD


def _holds_integers(before: ColumnType, after: ColumnType) -> bool:
    if before.unsigned == after.unsigned:
        return INTEGERS[before.name] <= INTEGERS[after.name]
    return before.unsigned and INTEGERS[before.name] < INTEGERS[after.name]


#: Pairs of other types where every value of the first is a value of the second.
_HELD = {
    ("smallint", "double precision"),
    ("integer", "double precision"),
    ("real", "double precision"),
    ("boolean", "integer"),
    ("bool", "integer"),
    ("bool", "smallint"),
    ("bool", "bigint"),
    ("date", "timestamp with time zone"),
    ("date", "timestamp"),
    ("date", "datetime"),
    ("json", "jsonb"),
    ("varchar", "json"),
    ("cidr", "inet"),
    ("timestamp", "timestamp with time zone"),
    ("datetime", "datetime"),
}


#: The type of a column is only a preference here: what does not fit is kept as it is.
_KEEP_ANYTHING = {"sqlite"}
