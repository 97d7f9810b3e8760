"""Processes of `manage.py` that are forked from one that has imported Django already; see `tests/preloaded.py`."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import django_safe_migrate

#: Python reads these when it starts, which a fork does not do again.
READ_AT_START = (
    "PYTHONHASHSEED",
    "PYTHONWARNINGS",
    "PYTHONDEVMODE",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
    "LC_ALL",
    "LANG",
)
#: Set it to run every command in a Python of its own.
OFF = "SAFE_MIGRATE_TESTS_WITHOUT_FORK"


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    input: str | None,
    timeout: float,  # noqa: A002
) -> subprocess.CompletedProcess[str]:
    """
    Run a Python script as `subprocess.run` does, with its output captured as text.

    Raises:
        subprocess.TimeoutExpired: it was killed after so many seconds.
    """
    if not _can_fork(env):
        return subprocess.run(
            [sys.executable, *argv],
            cwd=cwd,
            env=env,
            input=input or "",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    with contextlib.ExitStack() as stack:
        stdin, stdout, stderr = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        stdin.write((input or "").encode())
        stdin.seek(0)
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        with theirs:
            message = json.dumps({"argv": list(argv), "cwd": str(cwd), "env": dict(env)}).encode()
            descriptors = [stdin.fileno(), stdout.fileno(), stderr.fileno(), theirs.fileno()]
            socket.send_fds(_server(), [message], descriptors)
        code = _wait(ours, argv, timeout)
        return subprocess.CompletedProcess(list(argv), code, _text(stdout), _text(stderr))


def _can_fork(env: Mapping[str, str]) -> bool:
    """Return whether a fork does what a new process would: nothing is asked for that Python reads only when it starts."""
    same = all(env.get(name) == os.environ.get(name) for name in READ_AT_START)
    return sys.platform == "linux" and OFF not in os.environ and same


def _wait(ours: socket.socket, argv: Sequence[str], timeout: float) -> int:
    ours.settimeout(timeout)
    with ours.makefile("r", encoding="ascii") as replies:
        pid = int(replies.readline())
        try:
            return int(replies.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(argv), timeout) from None


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@functools.cache
def _server() -> socket.socket:
    """The socket of the Python that is forked; it ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    env["PYTHONPATH"] = str(Path(django_safe_migrate.__file__).parent.parent)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("preloaded.py")), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=env,
            stdin=subprocess.DEVNULL,
        )
    atexit.register(_stop, ours, process)
    return ours


def _stop(ours: socket.socket, process: subprocess.Popen[bytes]) -> None:
    ours.close()
    process.wait()
