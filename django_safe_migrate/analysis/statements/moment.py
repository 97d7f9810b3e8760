"""The states around one change, in the direction of the plan, for those who write its statements."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.state_tables import KnownModels, StateTables

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What the database has when an operation starts, and what it has when it is done."""

    before: StateTables
    after: StateTables

    @classmethod
    def of(cls, before: ProjectState, after: ProjectState, known: KnownModels) -> Moment:
        """Return the moment between two states."""
        return cls(StateTables(before, known), StateTables(after, known))
