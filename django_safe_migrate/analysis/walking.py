"""The operations of a plan in the order they reach the database, each with the states around it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.migrations.operations import SeparateDatabaseAndState

from django_safe_migrate.sql.states import advance, advance_migration

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.plan import Plan, PlannedMigration, PlannedOperation


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """
    An operation, perhaps nested in the ``planned`` one; ``earlier`` and ``later`` are the states around it going forwards.
    """

    planned: PlannedOperation
    operation: Operation
    earlier: ProjectState
    later: ProjectState

    @property
    def is_nested(self) -> bool:
        """Whether it is a part of a ``SeparateDatabaseAndState``."""
        return self.operation is not self.planned.operation


def walk_plan(
    plan: Plan, state: ProjectState
) -> Iterator[tuple[PlannedMigration, tuple[Part, ...]]]:
    """
    Yield each migration of a plan with its parts, both in the order of execution.

    ``state`` is the project state without any migration of the plan, in both directions, and is not changed.
    """
    if not plan.backwards:
        for planned in plan.steps:
            parts, state = _parts(planned, state)
            yield planned, parts
        return
    starts = []
    for planned in reversed(plan.steps):
        starts.append(state)
        state = advance_migration(state, planned.migration)
    # Walked a second time instead of kept: the states of every operation of a long plan would fill the memory.
    for planned, start in zip(plan.steps, reversed(starts), strict=True):
        yield planned, tuple(reversed(_parts(planned, start)[0]))


def walk_migration(planned: PlannedMigration, state: ProjectState) -> tuple[Part, ...]:
    """Return the parts of one migration in the order of execution; ``state`` is the one without it, in both directions."""
    parts, _ = _parts(planned, state)
    return parts[::-1] if planned.backwards else parts


def _parts(planned: PlannedMigration, state: ProjectState) -> tuple[tuple[Part, ...], ProjectState]:
    parts: list[Part] = []
    for operation in planned.operations:
        after = advance(state, operation.operation, planned.app_label)
        parts.extend(_unnested(operation, operation.operation, state, after, planned.app_label))
        state = after
    return tuple(parts), state


def _unnested(
    planned: PlannedOperation,
    operation: Operation,
    before: ProjectState,
    after: ProjectState,
    app_label: str,
) -> Iterator[Part]:
    yield Part(planned, operation, before, after)
    if not isinstance(operation, SeparateDatabaseAndState):
        return
    for nested in operation.database_operations:
        after_nested = advance(before, nested, app_label)
        yield from _unnested(planned, nested, before, after_nested, app_label)
        before = after_nested
