"""PgBouncer in front of a private PostgreSQL server."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import Server, processes

POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextlib.contextmanager
def pooler(server: Server, mode: str, **options: Any) -> Iterator[dict[str, str]]:
    """Start PgBouncer in a mode, with further settings of its file; yield the keys of a DATABASES entry that lead through it."""
    if POOLER is None:
        pytest.skip("Tests with a connection pooler need the program pgbouncer.")
    port = processes.free_port()
    account = processes.unprivileged_user("postgres")
    folder = server.folder / f"pooler-{port}"
    processes.give_to(account, folder)
    password = server.password.replace('"', '""')
    (folder / "users.txt").write_text(f'"{server.user}" "{password}"\n')
    lines = [
        "[databases]",
        f"* = host=127.0.0.1 port={server.port}",
        "[pgbouncer]",
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =",
        f"auth_type = plain\nauth_file = {folder}/users.txt",
        f"pool_mode = {mode}\nserver_reset_query_always = 0",
        *(f"{name} = {value}" for name, value in options.items()),
    ]
    (folder / "pooler.ini").write_text("\n".join(lines) + "\n")
    log = folder / "pooler.log"
    process: subprocess.Popen[bytes] = processes.start_process(
        [POOLER, folder / "pooler.ini"], account, folder, log
    )
    try:
        processes.wait_until_ready(lambda: _listens(port), process, log)
        yield {"HOST": "127.0.0.1", "PORT": str(port)}
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
