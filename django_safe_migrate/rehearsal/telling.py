"""
What the process that rehearses tells the one that started it: a line of JSON for each thing that happens, on a pipe of their own.

Whatever a migration prints goes to standard error instead. The process ends as soon as its standard input does: nobody is left then who
would drop the copy when it is done.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from typing import IO, Any

#: Names of what is told, beside the events of a run.
PASS_STARTED = "pass_started"  # noqa: S105 - a pass over the copy
PASS_FINISHED = "pass_finished"  # noqa: S105
COMPARED = "compared"
NOTICED = "noticed"
FAILED = "rehearsal_failed"
DONE = "rehearsal_done"
#: What nothing follows.
LAST = frozenset({FAILED, DONE})

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
#: The exit status of a process whose starter is gone.
ABANDONED = 75


class Teller:
    """The process's side: takes the pipe away from everyone else, and writes to it."""

    def __init__(self) -> None:
        self._pipe: IO[bytes] = os.fdopen(os.dup(_OUTPUT), "wb")
        os.dup2(_ERRORS, _OUTPUT)
        self._orders = os.dup(_INPUT)
        # A migration that asks a question gets no answer.
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, _INPUT)
        os.close(null)

    def orders(self) -> dict[str, Any]:
        """Read the first line, which says what to do, and watch the rest, which ends with the one that started us."""
        received = b""
        while not received.endswith(b"\n"):
            piece = os.read(self._orders, 65536)
            if not piece:
                os._exit(ABANDONED)
            received += piece
        threading.Thread(target=self._watch, name="rehearsal's starter", daemon=True).start()
        told: dict[str, Any] = json.loads(received)
        return told

    def _watch(self) -> None:
        while os.read(self._orders, 1024):
            pass
        # At once, and without a word: a statement under way would otherwise go on.
        os._exit(ABANDONED)

    def tell(self, name: str, /, **told: Any) -> None:
        """Write one line."""
        line = json.dumps({"event": name, **told}, default=str) + "\n"
        try:
            self._pipe.write(line.encode("ascii"))
            self._pipe.flush()
        except BrokenPipeError:
            os._exit(ABANDONED)

    def close(self) -> None:
        """Say that nothing follows."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        sys.stdout.flush()
