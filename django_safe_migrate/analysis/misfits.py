"""What becomes of a value that a column's new type cannot hold: it makes the migration fail, or it is changed without an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.column_types import INTEGERS, NUMBERS, STRINGS, ColumnType

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import ColumnAltered
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.analysis.schema import Column

FAILS = "makes the migration fail"
CUT = "is cut off without an error"
ROUNDED = "is rounded without an error"
ROUNDED_OR_FAILS = "is rounded, or makes the migration fail"
#: Where it depends on a setting of the server, as on MariaDB and MySQL, or is not known.
UNKNOWN = "is cut off, or makes the migration fail"

#: A text is one of these, or it is refused: nothing of it is left out.
_READ_IN_FULL = {*INTEGERS, "boolean", "inet", "json", "jsonb", "uuid"}
_FLOATS = {"double precision", "real"}
_MOMENTS = {"timestamp", "timestamp with time zone"}


def fate(change: ColumnAltered, context: Context) -> str:
    """Return the rest of a sentence about a value that the new type cannot hold; both types have to be known."""
    decide = _FATES.get(context.vendor)
    return UNKNOWN if decide is None else decide(change, context)


def _on_postgresql(change: ColumnAltered, context: Context) -> str:
    """Tried on servers. Only an explicit conversion cuts texts off; numbers are rounded by any."""
    old, new = ColumnType.parse(change.old.type), ColumnType.parse(change.new.type)
    if old.array or new.array:
        return UNKNOWN
    if new.name in {"varchar", "char"}:
        return CUT if _is_explicit(change, context) else FAILS
    if new.name in NUMBERS and old.name in NUMBERS | _FLOATS:
        return _of_number(old, new)
    if old.name in STRINGS and new.name in _READ_IN_FULL:
        return FAILS
    if old.name in _MOMENTS and new.name in {"date", "time"}:
        return CUT
    return UNKNOWN


def _of_number(old: ColumnType, new: ColumnType) -> str:
    if old.scale <= new.scale:
        return FAILS
    # What is rounded up can need one digit more.
    return ROUNDED if old.whole_digits < new.whole_digits else ROUNDED_OR_FAILS


def _is_explicit(change: ColumnAltered, context: Context) -> bool:
    """Whether Django writes USING: where the types differ in more than the sizes that fields of one kind are given."""
    return _kind(change.old, context) != _kind(change.new, context)


def _kind(column: Column, context: Context) -> object:
    types = context.schema.connection.data_types
    return types.get(column.field.get_internal_type(), column.type)


_FATES = {"postgresql": _on_postgresql}
