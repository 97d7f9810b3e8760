"""What a migration is taken apart into."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ModelState, ProjectState


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """The operations of one migration; ``atomic`` is None where it stays as it was."""

    operations: tuple[Operation, ...]
    atomic: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Variant:
    """The migrations that do what one operation does, in order, and in words why they are safer."""

    parts: tuple[Part, ...]
    how: str


@dataclasses.dataclass(frozen=True, slots=True)
class NoVariant:
    """An operation that would have a safer variant, and in words why it has none here."""

    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What holds just before an operation; ``max_name_length`` is in characters, None without a limit."""

    app_label: str
    state: ProjectState
    max_name_length: int | None

    def model(self, name: str) -> ModelState:
        """Return a model of the app; the name may be in any case."""
        model: ModelState = self.state.models[self.app_label, name.lower()]
        return model
