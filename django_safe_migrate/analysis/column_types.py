"""
What changing a column's type costs: whether the table is written anew, and whether values may not survive.

PostgreSQL as measured on versions 10 to 18 (its manual: "ALTER TABLE", notes), MariaDB and MySQL as their servers answer to
``ALGORITHM=INSTANT``. A pair of types that is not listed is taken to be the expensive kind.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable

_TYPE = re.compile(r"([a-z][a-z ]*?)\s*(?:\(([\d, ]+)\))?\s*(unsigned)?(\[\d*\].*)?", re.IGNORECASE)

_TEXTS = {"text", "longtext", "citext"}
_STRINGS = _TEXTS | {"varchar", "char"}
#: Decimal digits that each integer type can need.
_INTEGERS = {"smallint": 5, "integer": 10, "bigint": 19}
_NUMBERS = {*_INTEGERS, "numeric", "decimal"}
#: utf8mb4: rows of a varchar of up to this many characters have one byte for its length, longer ones two. MySQL decides by 255 bytes of
#: the type; MariaDB keeps rows that can be read either way, which are those of up to 127 bytes.
_ONE_LENGTH_BYTE = {"mysql": 63, "mariadb": 63}
_EITHER_WAY = {"mysql": 0, "mariadb": 31}


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
        match = _TYPE.fullmatch(text.strip())
        if match is None:
            return cls(text.strip().lower(), (), False, "")
        sizes = tuple(int(size) for size in match[2].split(",")) if match[2] else ()
        return cls(match[1].lower(), sizes, bool(match[3]), match[4] or "")

    @property
    def length(self) -> float:
        """How many characters a string type takes."""
        return self.sizes[0] if self.sizes and self.name not in _TEXTS else float("inf")

    @property
    def whole_digits(self) -> float:
        """How many digits before the point a number can have."""
        if self.name in _INTEGERS:
            return _INTEGERS[self.name] + (1 if self.unsigned and self.name == "bigint" else 0)
        return self.sizes[0] - self.scale if self.sizes else float("inf")

    @property
    def scale(self) -> float:
        """How many digits after the point a number can have."""
        if self.name in _INTEGERS:
            return 0
        if not self.sizes:
            return float("inf")
        return self.sizes[1] if len(self.sizes) > 1 else 0


def rewrites(product: str, old: str, new: str) -> bool:
    """Return whether the change writes the whole table anew, with the table blocked; of a product that we do not know, yes."""
    if old == new:
        return False
    before, after = ColumnType.parse(old), ColumnType.parse(new)
    if before.array or after.array or product not in _KEEPS_ROWS:
        return True
    return not _KEEPS_ROWS[product](before, after)


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
    if before.name in _STRINGS and after.name in _STRINGS:
        return before.length <= after.length
    if before.name in _INTEGERS and after.name in _INTEGERS:
        return _holds_integers(before, after)
    if before.name in _NUMBERS and after.name in _NUMBERS:
        return before.whole_digits <= after.whole_digits and before.scale <= after.scale
    if before.name in _INTEGERS and after.name in {"varchar", "char"}:
        return _INTEGERS[before.name] + 1 <= after.length
    return (before.name, after.name) in _HELD


def _holds_integers(before: ColumnType, after: ColumnType) -> bool:
    if before.unsigned == after.unsigned:
        return _INTEGERS[before.name] <= _INTEGERS[after.name]
    return before.unsigned and _INTEGERS[before.name] < _INTEGERS[after.name]


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


def _postgresql_keeps(before: ColumnType, after: ColumnType) -> bool:
    variable = {"varchar", "text", "citext"}
    if before.name in variable and after.name in variable:
        return before.length <= after.length
    if before.name == after.name == "numeric":
        return not after.sizes or bool(
            before.sizes and before.scale == after.scale and before.sizes[0] <= after.sizes[0]
        )
    return (before.name, after.name) == ("cidr", "inet") or before == after


def _innodb_keeps(product: str, before: ColumnType, after: ColumnType) -> bool:
    if before.name != "varchar" or after.name != "varchar" or before.length > after.length:
        return before == after
    limit = _ONE_LENGTH_BYTE[product]
    return after.length <= limit or before.length > limit or before.length <= _EITHER_WAY[product]


#: The type of a column is only a preference here: what does not fit is kept as it is.
_KEEP_ANYTHING = {"sqlite"}
#: By product: whether rows stay as they are. SQLite copies the table at every change, which ``table_rebuild`` says.
_KEEPS_ROWS: dict[str, Callable[[ColumnType, ColumnType], bool]] = {
    "postgresql": _postgresql_keeps,
    "mysql": functools.partial(_innodb_keeps, "mysql"),
    "mariadb": functools.partial(_innodb_keeps, "mariadb"),
}
