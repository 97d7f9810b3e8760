"""One thing that may stand in the way of a plan before it starts."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """
    What is there, and what to do about it.

    ``who`` names it in the same way at every look. ``matters`` says that the plan has to wait for it; what does not is only reported.
    """

    who: str
    message: str
    hint: str
    matters: bool = True
