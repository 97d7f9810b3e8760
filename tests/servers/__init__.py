"""
Private database servers for the tests, each in a temporary folder and on a free port.

All have the interface of `Server`. `shared_server("postgresql")` starts a server once per process; a test
that kills or reconfigures a server makes its own, so that it disturbs nobody.
"""

from __future__ import annotations

from tests.servers.base import Server, ServerUnavailable
from tests.servers.mariadb import MariaDBServer
from tests.servers.postgresql import PostgreSQLServer
from tests.servers.sqlite import SQLiteServer

SERVERS: dict[str, type[Server]] = {
    "sqlite": SQLiteServer,
    "postgresql": PostgreSQLServer,
    "mariadb": MariaDBServer,
}

_started: dict[str, Server] = {}


def shared_server(name: str) -> Server:
    """Return the server that the whole process shares, started at the first call."""
    server = _started.get(name)
    if server is None:
        server = SERVERS[name]()
        server.start()
        _started[name] = server
    return server


def stop_shared_servers() -> None:
    """Stop what `shared_server` started and forget it."""
    while _started:
        _, server = _started.popitem()
        server.remove()


__all__ = [
    "SERVERS",
    "MariaDBServer",
    "PostgreSQLServer",
    "SQLiteServer",
    "Server",
    "ServerUnavailable",
    "shared_server",
    "stop_shared_servers",
]
