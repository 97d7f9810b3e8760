"""A server that restarts, answers no more, or comes back as a replica, in the middle of a run."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.management.commands.shop import ADD_COLOUR, installed
from tests.management.commands.test_cut_sessions import (
    RUN,
    SIZE,
    WAIT,
    clear,
    finishes,
    shop_migrations,
    source,
    started,
)
from tests.projects import Project, migration
from tests.servers import Server


@pytest.mark.vendors("postgresql", "mariadb")
@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("orderly", [True, False])
def test_a_restart(
    vendor_server: Server,
    make_server: Callable[..., Server],
    make_project: Callable[..., Project],
    atomic: bool,
    orderly: bool,
) -> None:
    """In the middle of a migration, with the server back before the run has ended."""
    server = make_server(vendor_server.name, durable=True)
    project = installed(
        make_project(server), m0002_colour=ADD_COLOUR, m0003_size=source(SIZE + WAIT, atomic=atomic)
    )
    process = started(project)
    if not orderly:
        server.kill()
    server.restart()
    output, _ = process.communicate(timeout=240)
    assert process.returncode in {6, 7}, output
    clear(output)
    assert "1 of 2 planned migrations are applied (shop.0002_colour)." in output
    assert server.password not in output
    assert shop_migrations(project) == ["0001_initial", "0002_colour"]
    assert "0003_size" in project.manage("migrate_status", check=False).stdout
    finishes(project)


@pytest.mark.vendors("postgresql")
def test_a_replica_after_a_fail_over(
    make_server: Callable[..., Server], make_project: Callable[..., Project]
) -> None:
    """The old primary came back as a standby: nothing is begun there."""
    server = make_server("postgresql")
    project = installed(make_project(server), m0002_colour=ADD_COLOUR)
    server.stop()
    data: Path = server.data  # type: ignore[attr-defined]
    (data / "standby.signal").touch()
    server.start()
    result = project.manage(*RUN, check=False)
    assert result.returncode == 3, result.stdout + result.stderr
    clear(result.stderr)
    assert "[is_replica]" in result.stdout
    assert shop_migrations(project) == ["0001_initial"]
    server.stop()
    (data / "standby.signal").unlink()
    server.start()
    project.manage(*RUN)
    assert shop_migrations(project) == ["0001_initial", "0002_colour"]


class Road:
    """Leads to a server, and is cut as soon as a client that was armed for it has sent its COMMIT: the server's answer arrives nowhere."""

    def __init__(self, port: int, armed: Path, *, delivered: bool) -> None:
        self.port, self.armed, self.delivered = port, armed, delivered
        self.is_cut = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sockets: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def entry(self) -> dict[str, str]:
        return {"HOST": "127.0.0.1", "PORT": str(self.listener.getsockname()[1])}

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.port))
                self.sockets += [client, server]
                for ends in ((client, server, True), (server, client, False)):
                    self._start(self._lead, *ends)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def close(self) -> None:
        """End what is still open, and wait for the threads."""
        for one in (self.listener, *self.sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in list(self.threads):
            thread.join(30)
        for one in (self.listener, *self.sockets):
            one.close()

    def _lead(self, one: socket.socket, two: socket.socket, forth: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if forth and b"COMMIT" in data and self.armed.exists() and not self.is_cut.is_set():
                    self.is_cut.set()
                    one.shutdown(socket.SHUT_RDWR)
                    if self.delivered:
                        two.sendall(data)
                        two.shutdown(socket.SHUT_WR)
                    else:
                        two.shutdown(socket.SHUT_RDWR)
                    return
                two.sendall(data)
        with contextlib.suppress(OSError):
            two.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def make_road(postgresql_server: Server) -> Iterator[Callable[..., Road]]:
    with contextlib.ExitStack() as opened:

        def make(armed: Path, *, delivered: bool) -> Road:
            road = Road(int(postgresql_server.port or 0), armed, delivered=delivered)
            opened.callback(road.close)
            return road

        yield make


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("delivered", [True, False])
def test_a_connection_that_is_lost_while_a_migration_is_committed(
    project: Project, make_road: Callable[..., Road], delivered: bool
) -> None:
    """Nobody tells the client whether the transaction is committed: the run looks."""
    arm = """
import pathlib

def arm(apps, schema_editor):
    pathlib.Path("armed").touch()
"""
    installed(
        project,
        m0002_colour=ADD_COLOUR,
        m0003_size=migration(
            SIZE + "migrations.RunPython(arm, migrations.RunPython.noop),",
            dependencies=[("shop", "0002_colour")],
            before=arm,
        ),
    )
    road = make_road(project.folder / "armed", delivered=delivered)
    direct = dict(project.databases["default"])
    project.databases["default"] |= road.entry
    project.write_settings()
    result = project.manage(*RUN, check=False)
    assert road.is_cut.is_set()
    assert result.returncode == 7, result.stdout + result.stderr
    clear(result.stderr)
    found = "applied" if delivered else "not applied, and left nothing behind"
    assert (
        f"The connection was lost while shop.0003_size was committed: it is {found}."
        in result.stderr
    )
    project.databases["default"] = direct
    project.write_settings()
    applied = ["0001_initial", "0002_colour", "0003_size"]
    assert shop_migrations(project) == (applied if delivered else applied[:2])
    finishes(project)
