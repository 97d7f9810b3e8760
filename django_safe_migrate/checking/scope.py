"""Which migrations are looked at."""

from __future__ import annotations

import dataclasses

PENDING = "pending"
ALL = "all"
SINCE = "since"


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """
    What was asked for.

    ``mode`` is ``PENDING``, ``ALL`` or ``SINCE``; ``ref`` the commit of the last; ``labels`` limit it to these apps.
    """

    mode: str
    ref: str = ""
    labels: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What is looked at, as a phrase."""
        apps = f" of {', '.join(self.labels)}" if self.labels else ""
        if self.mode == PENDING:
            return f"the pending migrations{apps}"
        if self.mode == SINCE:
            return f"the migrations{apps} added or changed since {self.ref}"
        return f"every migration{apps or ' of the project'}"

    def has_app(self, app_label: str) -> bool:
        """Whether an app is not left out by the labels."""
        return not self.labels or app_label in self.labels
