"""
What another type of a column costs on InnoDB.

Measured on MariaDB 10.11 with rows in the table; for MySQL from its manual ("Online DDL Operations", column operations). A pair of
types that is not known is copied.
"""

from __future__ import annotations

import dataclasses
import re

from django_safe_migrate.databases.mysql.facts.cost import Algorithm
from django_safe_migrate.databases.statements import ColumnDefinition

_TYPE = re.compile(
    r"([a-z0-9][a-z0-9 ]*?)\s*(?:\((.*)\))?\s*((?:unsigned|signed|zerofill|\s)*)", re.IGNORECASE
)
_MEMBER = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"")

#: Other spellings of the same types.
_ALIASES = {
    "bool": "tinyint",
    "boolean": "tinyint",
    "character": "char",
    "character varying": "varchar",
    "dec": "decimal",
    "double precision": "double",
    "fixed": "decimal",
    "int": "integer",
    "numeric": "decimal",
    "real": "double",
}
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "integer", "bigint"})
_LISTS = frozenset({"enum", "set"})
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
#: Bytes of the longest character; of a set that is not listed as many as any has.
_CHARACTER_BYTES = {
    "ascii": 1,
    "binary": 1,
    "cp1251": 1,
    "cp1252": 1,
    "latin1": 1,
    "latin2": 1,
    "ucs2": 2,
    "utf8": 3,
    "utf8mb3": 3,
}
_MOST_BYTES = 4
#: Up to so many bytes a varchar keeps its length in one byte, above in two. MariaDB can read short rows either way.
_ONE_LENGTH_BYTE = 255
_EITHER_WAY = {"mariadb": 127, "mysql": 0}


@dataclasses.dataclass(frozen=True, slots=True)
class InnoDBType:
    """A type taken apart: ``varchar(20)`` has the arguments ``("20",)``, an enum its members with their quotes."""

    name: str
    arguments: tuple[str, ...] = ()
    signs: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> InnoDBType:
        """Take a type apart in any of its spellings; one that cannot be read is a name."""
        match = _TYPE.fullmatch(text.strip())
        if match is None:
            return cls(text.strip())
        name = match[1].lower()
        name = _ALIASES.get(name, name)
        signs = frozenset(match[3].lower().split()) - {"signed"}
        if name in _LISTS:
            return cls(name, tuple(_MEMBER.findall(match[2] or "")), signs)
        arguments = tuple(part.strip() for part in (match[2] or "").split(",") if part.strip())
        # The width of an integer is only what it is shown with.
        return cls(name, () if name in _INTEGERS else arguments, signs)

    @property
    def length(self) -> int:
        """How many characters or bytes a varchar or varbinary takes."""
        return int(self.arguments[0]) if self.arguments and self.arguments[0].isdigit() else 0

    @property
    def list_bytes(self) -> int:
        """The bytes that an enum or a set takes in each row."""
        count = len(self.arguments)
        if self.name == "enum":
            return 1 if count <= 255 else 2
        needed = (count + 7) // 8
        return needed if needed <= 4 else 8


def type_change(
    product: str,
    old: ColumnDefinition,
    new: ColumnDefinition,
    *,
    indexed: bool = False,
    redundant: bool = False,
) -> Algorithm:
    """
    Return the cheapest algorithm that changes a column's type and collation; nullability and position are not looked at.

    Args:
        product: ``mariadb`` or ``mysql``.
        old: the column as it is.
        new: as it will be; without a collation it keeps the old one.
        indexed: whether an index other than the primary key has the column.
        redundant: whether the table has ``ROW_FORMAT=REDUNDANT``, where every row has the lengths of all columns.
    """
    before, after = InnoDBType.parse(old.type), InnoDBType.parse(new.type)
    if old.type == new.type or before == after:
        found = Algorithm.INSTANT
    elif before.name != after.name or before.signs != after.signs:
        return Algorithm.COPY
    elif before.name in {"varchar", "varbinary"}:
        found = Algorithm.INSTANT if product == "mariadb" else Algorithm.INPLACE
    elif before.name in _LISTS and _appends(before, after):
        found = Algorithm.INSTANT
    else:
        return Algorithm.COPY
    if before.name == after.name and before.name in {"varchar", "varbinary"}:
        sizes = _bytes(before, old), _bytes(after, new, old)
        if not (before.length <= after.length and _keeps_lengths(product, *sizes, redundant)):
            return Algorithm.COPY
    return max(found, _collation_change(product, before, old, new, indexed))


def rewrites_rows(product: str, old_type: str, new_type: str) -> bool:
    """Return whether a change between two types writes every row anew, as far as the types alone tell."""
    old = ColumnDefinition(name="column", type=old_type)
    return type_change(product, old, dataclasses.replace(old, type=new_type)) is Algorithm.COPY


def character_set(collation: str) -> str:
    """Return the character set of a collation; the name of a character set is returned as it is."""
    name = collation.lower().partition("_")[0]
    return "utf8mb3" if name == "utf8" else name


def _bytes(
    parsed: InnoDBType, column: ColumnDefinition, before: ColumnDefinition | None = None
) -> int:
    if parsed.name == "varbinary":
        return parsed.length
    collation = column.collation or (before.collation if before is not None else "")
    return parsed.length * _CHARACTER_BYTES.get(character_set(collation), _MOST_BYTES)


def _keeps_lengths(product: str, before: int, after: int, redundant: bool) -> bool:
    same = (before <= _ONE_LENGTH_BYTE) == (after <= _ONE_LENGTH_BYTE)
    return same or before <= _EITHER_WAY[product] or (redundant and product == "mariadb")


def _appends(before: InnoDBType, after: InnoDBType) -> bool:
    kept = after.arguments[: len(before.arguments)] == before.arguments
    return kept and before.list_bytes == after.list_bytes


def _collation_change(
    product: str, parsed: InnoDBType, old: ColumnDefinition, new: ColumnDefinition, indexed: bool
) -> Algorithm:
    """MariaDB keeps the rows when texts have the same bytes as before; indexes are sorted anew."""
    if not new.collation or not old.collation or new.collation.lower() == old.collation.lower():
        return Algorithm.INSTANT
    sets = character_set(old.collation), character_set(new.collation)
    if product != "mariadb" or parsed.name not in _TEXTS or old.primary_key:
        return Algorithm.COPY
    if sets == ("utf8mb3", "utf8mb4"):
        return Algorithm.INSTANT
    if sets[0] != sets[1]:
        return Algorithm.COPY
    # Its name alone is a character set: the default collation of it, which is not known here.
    return Algorithm.NOCOPY if indexed else Algorithm.INSTANT
