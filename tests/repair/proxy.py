"""A proxy between a client and a server: frozen, it keeps the server's session alive although the client is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

_FORWARD = """
import select, socket, sys

listener = socket.socket(fileno=int(sys.argv[1]))
target = ("127.0.0.1", int(sys.argv[2]))
other = {}
while True:
    ready, _, _ = select.select([listener, *other], [], [])
    for one in ready:
        if one is listener:
            client = listener.accept()[0]
            server = socket.create_connection(target)
            other[client], other[server] = server, client
        elif one in other:
            try:
                data = one.recv(65536)
                other[one].sendall(data) if data else None
            except OSError:
                data = b""
            if not data:
                for end in (one, other[one]):
                    other.pop(end).close()
"""


class Proxy:
    """One process that forwards what it is sent; ``port`` is where it listens."""

    def __init__(self, target: int) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FORWARD, str(listener.fileno()), str(target)],
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
        listener.close()

    def freeze(self) -> None:
        """Stop it: its connections stay open on both sides, and nothing is said on them any more."""
        os.kill(self._process.pid, signal.SIGSTOP)
        status = f"/proc/{self._process.pid}/stat"
        deadline = time.monotonic() + 30
        while os.path.exists(status) and time.monotonic() < deadline:  # noqa: PTH110
            with open(status) as file:  # noqa: PTH123
                if file.read().rpartition(")")[2].split()[0] == "T":
                    return
            time.sleep(0.02)

    def end(self) -> None:
        """Kill it, with its connections."""
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Forward connections to a port of this machine while the block runs."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.end()
