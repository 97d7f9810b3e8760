"""What a test wants to go wrong: functions called by the scenario's RunPython, with (apps, schema_editor)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Called in the middle of 0002 to 0005, and all that 0006 and 0007 do; empty means that all goes well.
on_run: dict[str, Callable[..., Any]] = {}


def run(name: str) -> Callable[..., None]:
    """Return a function for RunPython that does what the test put under this name."""

    def call(apps: Any, schema_editor: Any) -> None:
        if name in on_run:
            on_run[name](apps, schema_editor)

    return call
