"""Starting server processes: free ports, another user when we are root, and waiting for an answer."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.servers.base import ServerUnavailable

START_TIMEOUT = 60.0


def free_port() -> int:
    """Return a TCP port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def unprivileged_user(*candidates: str) -> str | None:
    """Return the account to run a server under: the first that exists when we are root, else ours (None)."""
    if os.geteuid() != 0:
        return None
    for candidate in (*candidates, "nobody"):
        try:
            return pwd.getpwnam(candidate).pw_name
        except KeyError:
            continue
    raise ServerUnavailable(
        "Servers refuse to run as root and there is no account 'nobody' to run them under."
    )


def give_to(user: str | None, *folders: Path) -> None:
    """Make folders and hand them to the account that the server runs under."""
    for folder in folders:
        folder.mkdir(exist_ok=True, mode=0o755)
        if user is not None:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)


def account_arguments(user: str | None) -> dict[str, Any]:
    """Return the arguments of `subprocess` that switch to `user`."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def run_setup(
    arguments: Sequence[str | Path], user: str | None, cwd: Path, temporary: Path | None = None
) -> None:
    """Run a program that prepares a server; its output is the error when it fails."""
    environment = {**os.environ, **({"TMPDIR": str(temporary)} if temporary else {})}
    result = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **account_arguments(user),
    )
    if result.returncode != 0:
        raise ServerUnavailable(
            f"{arguments[0]} failed with status {result.returncode}:\n{result.stdout}"
        )


def start_process(
    arguments: Sequence[str | Path], user: str | None, cwd: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **account_arguments(user),
        )


def wait_until_ready(
    answers: Callable[[], bool],
    process: subprocess.Popen[bytes],
    log: Path,
    timeout: float = START_TIMEOUT,
) -> None:
    """Wait until `answers` is true; raise with the server's log when it exits or takes too long."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if answers():
            return
        if process.poll() is not None:
            raise ServerUnavailable(
                f"The server exited with status {process.returncode}:\n{_tail(log)}"
            )
        time.sleep(0.05)
    raise ServerUnavailable(f"The server did not answer within {timeout:.0f} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
