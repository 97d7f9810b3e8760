"""What is done when this process was refused more memory: what failed must not keep what it holds while we clear up after it."""

from __future__ import annotations

import traceback

from django_safe_migrate.databases.causes import causes


def give_back(error: BaseException) -> None:
    """
    Let go of what the functions held that an error has ended, if memory was refused to one of them; other errors stay as they are.

    An error keeps the local variables of every function that it passed through (``traceback.clear_frames``), and telling of it, a
    rollback and the report all need memory. Functions that are still under way keep theirs.
    """
    found = list(causes(error))
    if any(isinstance(one, MemoryError) for one in found):
        for one in found:
            traceback.clear_frames(one.__traceback__)
