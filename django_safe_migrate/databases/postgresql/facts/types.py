"""
What changing a column's type does to its table on PostgreSQL: nothing, its indexes built anew, or all of it written anew.

As measured on PostgreSQL 16 and 18 (``citext`` on 10 to 18); the reasons are in PostgreSQL's ``ATColumnChangeRequiresRewrite`` and
``CheckIndexCompatible``. A pair of types that is not known is taken to be the expensive kind.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable

from django_safe_migrate.databases.facts import DomainDefinition


class TypeChange(enum.IntEnum):
    """What becomes of the table; the larger number is the dearer."""

    #: Neither the table nor a plain index is read or written.
    FREE = 0
    #: Indexes on the column are built anew, the table is not.
    INDEXES = 1
    #: The table and all its indexes are written anew.
    REWRITE = 2


Domains = Callable[[str], DomainDefinition | None]

_TYPE = re.compile(
    r'(?P<name>"[^"]+"|[\w. ]+?)\s*(?:\((?P<sizes>[^)]*)\))?(?P<zone> with(?:out)? time zone)?(?P<array>(?:\s*\[\d*\])+)?'
)
#: Other ways to write the types of the manual's table "Data Types".
_SYNONYMS = {
    "bigserial": "bigint",
    "bit varying": "varbit",
    "bool": "boolean",
    "bpchar": "character",
    "char": "character",
    "character varying": "varchar",
    "decimal": "numeric",
    "double precision": "float8",
    "float": "float8",
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "real": "float4",
    "serial": "integer",
    "serial2": "smallint",
    "serial4": "integer",
    "serial8": "bigint",
    "smallserial": "smallint",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "time with time zone": "timetz",
    "time without time zone": "time",
}
#: Types whose values carry a limit that may grow.
_LIMITED = {"varchar", "varbit", "time", "timetz", "timestamp", "timestamptz", "interval"}
#: The largest precision of times, which is also that without one.
_FRACTIONS = {"time", "timetz", "timestamp", "timestamptz", "interval"}
_MOST_FRACTIONAL_DIGITS = 6
#: Pairs of different types with the same values in storage, with what becomes of indexes.
_SAME_STORAGE = {
    frozenset({"varchar", "text"}): TypeChange.FREE,
    frozenset({"varchar", "citext"}): TypeChange.INDEXES,
    frozenset({"text", "citext"}): TypeChange.INDEXES,
}
_INSTANTS = frozenset({"timestamp", "timestamptz"})
#: Names of time zones whose offset was always zero.
_UTC = {"utc", "uct", "gmt", "gmt0", "gmt+0", "gmt-0", "zulu", "universal", "greenwich"}


def type_change(
    old: str,
    new: str,
    *,
    timezone: str | None = None,
    same_collation: bool = True,
    domains: Domains = lambda name: None,
) -> TypeChange:
    """
    Return what ALTER COLUMN ... TYPE does to the table.

    Args:
        old: the type as it is, in SQL; a serial type stands for its integer.
        new: the type as it will be.
        timezone: of the session, None when it is not known, which is the expensive case.
        same_collation: whether the column's collation stays; another one has its indexes built anew.
        domains: says of a type's name which domain it is, None when it is not one, or not known.
    """
    before, after = _Type.parse(old), _Type.parse(new)
    cost = _with_domains(before, after, timezone, domains)
    return cost if same_collation else max(cost, TypeChange.INDEXES)


def is_utc(timezone: str | None) -> bool:
    """Whether a session's time zone never differed from UTC, so that both kinds of timestamps store the same."""
    return timezone is not None and timezone.lower().removeprefix("etc/") in _UTC


def is_between_timestamps(old: str, new: str) -> bool:
    """Whether the cost of a change depends on the session's time zone."""
    return {_Type.parse(old).name, _Type.parse(new).name} == _INSTANTS


def is_array(type: str) -> bool:
    """Whether a type is an array."""
    return bool(_Type.parse(type).dimensions)


@dataclasses.dataclass(frozen=True, slots=True)
class _Type:
    """``numeric(7, 2)`` is ``numeric`` with the sizes ``("7", "2")``; ``fields`` are those of an interval."""

    name: str
    sizes: tuple[str, ...] = ()
    dimensions: int = 0
    fields: str = ""

    @classmethod
    def parse(cls, text: str) -> _Type:
        lowered = " ".join(text.lower().replace("pg_catalog.", "").split())
        match = _TYPE.fullmatch(lowered)
        if match is None:
            return cls(lowered)
        name = match["name"] + (match["zone"] or "")
        sizes = tuple(size.strip() for size in (match["sizes"] or "").split(",") if size.strip())
        fields = ""
        if name.startswith("interval "):
            name, fields = name.split(" ", 1)
        if name in {"character", "char", "bit"} and not sizes:
            sizes = ("1",)
        if name == "float" and sizes:
            name, sizes = ("float4" if int(sizes[0]) <= 24 else "float8"), ()
        return cls(_SYNONYMS.get(name, name), sizes, bool(match["array"]), fields)

    @property
    def limit(self) -> float:
        """How many characters, bits or fractional digits a value may have."""
        if self.sizes:
            limit = float(self.sizes[0])
            return min(limit, _MOST_FRACTIONAL_DIGITS) if self.name in _FRACTIONS else limit
        return _MOST_FRACTIONAL_DIGITS if self.name in _FRACTIONS else float("inf")


def _with_domains(
    before: _Type, after: _Type, timezone: str | None, domains: Domains
) -> TypeChange:
    """A domain is stored as its base; only values that enter one with a constraint are checked."""
    if before == after:
        return TypeChange.FREE
    entered, left = domains(after.name), domains(before.name)
    if entered is not None and not after.dimensions:
        if entered.constrained:
            return TypeChange.REWRITE
        return _with_domains(before, _Type.parse(entered.base), timezone, domains)
    if left is not None and not before.dimensions:
        return _with_domains(_Type.parse(left.base), after, timezone, domains)
    return _between(before, after, timezone)


def _between(before: _Type, after: _Type, timezone: str | None) -> TypeChange:
    if before.dimensions or after.dimensions:
        return _between_arrays(before, after)
    if before.name == after.name:
        return TypeChange.FREE if _grows(before, after) else TypeChange.REWRITE
    if (before.name, after.name) == ("cidr", "inet"):
        return TypeChange.FREE
    names = frozenset({before.name, after.name})
    if names == _INSTANTS and is_utc(timezone) and after.limit == _MOST_FRACTIONAL_DIGITS:
        return TypeChange.INDEXES
    cost = _SAME_STORAGE.get(names, TypeChange.REWRITE)
    return cost if before.limit <= after.limit else TypeChange.REWRITE


def _between_arrays(before: _Type, after: _Type) -> TypeChange:
    """Elements are converted one by one, wherever there is anything to convert."""
    if before.dimensions != after.dimensions or before.name != after.name:
        return TypeChange.REWRITE
    return TypeChange.FREE if not after.sizes else TypeChange.REWRITE


def _grows(before: _Type, after: _Type) -> bool:
    if before.name == "numeric":
        return _numeric_grows(before, after)
    if before.name == "interval" and before.fields != after.fields:
        return False
    if before.name in _LIMITED:
        return before.limit <= after.limit
    return not after.sizes or before.sizes == after.sizes


def _numeric_grows(before: _Type, after: _Type) -> bool:
    """The scale is stored with each value, so it has to stay."""
    if not before.sizes or not after.sizes:
        return not after.sizes
    (precision, *scale), (new_precision, *new_scale) = before.sizes, after.sizes
    return (scale or ["0"]) == (new_scale or ["0"]) and int(precision) <= int(new_precision)
