"""The process that rehearses, from outside: started, listened to, and ended however the block ends."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django_safe_migrate.exceptions import RehearsalFailed
from django_safe_migrate.rehearsal import telling

#: Lines of what it printed that are shown when it ended without a word.
_LAST_WORDS = 30
#: Seconds that it has to end once it is asked to.
_GRACE = 10.0


@contextlib.contextmanager
def started(
    environment: Mapping[str, str], orders: Mapping[str, Any]
) -> Iterator[RehearsalProcess]:
    """
    Start the process with these orders, and end it with the block.

    In a session of its own: a signal to our group is ours to hear. When we are killed, its standard input ends, and it with that.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "django_safe_migrate.rehearsal"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": _path(), **environment},
        start_new_session=True,
    )
    found = RehearsalProcess(process)
    try:
        found.order(orders)
        yield found
    finally:
        found.end()


class RehearsalProcess:
    """Hears what the process tells."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._printed: collections.deque[str] = collections.deque(maxlen=_LAST_WORDS)
        self._listener = threading.Thread(target=self._keep, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def order(self, orders: Mapping[str, Any]) -> None:
        """Write the orders; its standard input stays open as long as we are there."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps(orders).encode("ascii") + b"\n")
            self._input.flush()

    def told(self) -> Iterator[dict[str, Any]]:
        """
        Yield what it tells, until it ends.

        Raises:
            RehearsalFailed: it was killed, or ended with an error that it could not tell.
        """
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in self._process.stdout:
            told = json.loads(line)
            yield told
            if told["event"] in telling.LAST:
                # What a migration has left running may keep it from its own end.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_GRACE)
                return
        status = self._process.wait()
        self._listener.join(_GRACE)
        sys.stderr.write("".join(self._printed))
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        raise RehearsalFailed(
            f"The process that rehearses {how} before it was done; what it printed last is above.",
            next_command="migrate_rehearse",
        )

    def end(self) -> None:
        """End it, if it has not: first as it would end without us, then by force."""
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_GRACE)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        return self._process.stdin

    def _keep(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - a pipe was asked for
        for line in self._process.stderr:
            self._printed.append(line.decode(errors="replace"))


def _path() -> str:
    """Where this process finds modules, for that one: it is not started in the same folder, nor by the same file."""
    return os.pathsep.join(folder or os.getcwd() for folder in sys.path)  # noqa: PTH109 - as sys.path has it
