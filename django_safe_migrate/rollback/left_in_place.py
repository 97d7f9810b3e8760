"""Operations that have no reverse, stepped over on the way back: what they did to the database stays."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation

#: Characters of hand-written SQL that are shown.
MAX_SQL = 120


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a forced way back leaves out; ``stays`` says what the database keeps, or what is lost, because of it."""

    subject: str
    what: str
    stays: str

    @property
    def words(self) -> str:
        """One sentence for people and for the record."""
        return f"Skipped, {self.subject}: {self.what}; {self.stays}."


def stepping_over(
    migration: Migration, *, everything: bool = False
) -> tuple[Migration, list[Skipped]]:
    """
    Return a migration that can be unapplied, and what of it is left in place.

    Args:
        migration: as it is on disk; it is not changed.
        everything: whether no operation is to be undone, and only the record goes.
    """
    skipped: list[Skipped] = []
    operations = []
    label = f"{migration.app_label}.{migration.name}"
    for place, operation in enumerate(migration.operations):
        passed, left = _passable(operation, everything)
        operations.append(passed)
        skipped += [
            Skipped(
                label,
                f"operation {place + 1} ({one.describe()}) is not undone"
                + ("" if everything else ", since it has no reverse"),
                _what_stays(one),
            )
            for one in left
        ]
    if not skipped:
        return migration, []
    changed: Any = copy.copy(migration)
    changed.operations = operations
    return changed, skipped


def _passable(operation: Operation, everything: bool) -> tuple[Operation, list[Operation]]:
    """Return an operation that can be undone in place of one that cannot, and what of it has no reverse."""
    if isinstance(operation, SeparateDatabaseAndState) and not everything:
        pairs = [_passable(one, everything) for one in operation.database_operations]
        left = [one for _, found in pairs for one in found]
        if not left:
            return operation, []
        separate = copy.copy(operation)
        separate.database_operations = [one for one, _ in pairs]
        return separate, left
    if operation.reversible and not everything:
        return operation, []
    return _without_reverse(operation), [operation]


def _without_reverse(operation: Operation) -> Operation:
    """A copy of an operation whose reverse does nothing."""
    passed: Any = copy.copy(operation)
    if isinstance(operation, RunPython):
        passed.reverse_code = RunPython.noop
    elif isinstance(operation, RunSQL):
        passed.reverse_sql = RunSQL.noop
    else:
        # On its class, since observers put wrappers on the instance and take them away again.
        namespace = {"reversible": True, "database_backwards": _nothing}
        passed.__class__ = type(type(operation).__name__, (type(operation),), namespace)
    return passed  # type: ignore[no-any-return]


def _nothing(self: Operation, *args: Any, **kwargs: Any) -> None:
    """Leave the database as it is."""


def _what_stays(operation: Operation) -> str:
    if isinstance(operation, RunPython):
        name = getattr(operation.code, "__qualname__", repr(operation.code))
        return f"what its function {name}() did to rows stays"
    if isinstance(operation, RunSQL):
        return f"what its SQL did stays: {_sql(operation)}"
    return "what it did to the database stays"


def _sql(operation: RunSQL) -> str:
    statements = " ".join(" ".join(text.split()) for text in _texts(operation.sql))
    return statements if len(statements) <= MAX_SQL else f"{statements[:MAX_SQL]}..."


def _texts(sql: Any) -> Iterator[str]:
    """The statements of a RunSQL, whose parameters are left out."""
    for one in [sql] if isinstance(sql, str) else sql:
        yield str(one[0] if isinstance(one, (list, tuple)) else one)
