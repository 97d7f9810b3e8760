"""The size of the crowds, and the servers that can take them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.concurrency.scene import Scene, scene
from tests.conftest import start_or_skip
from tests.servers import SERVERS, Server

#: Set it to `full` for 200 rounds of 30 processes on each vendor, or to numbers such as `50x30`.
VARIABLE = "SAFE_MIGRATE_TESTS_CONCURRENCY"
#: Each process may have three connections: its own, the one of the run lock, and the monitor's.
CONNECTIONS = {
    "sqlite": [],
    "postgresql": ["max_connections = 300"],
    "mariadb": ["--max-connections=300"],
}


@dataclass(frozen=True)
class Size:
    """How many processes start together, and how often."""

    rounds: int
    processes: int


@pytest.fixture(autouse=True)
def _database_access(django_db_blocker: Any) -> Iterator[None]:
    """The tests look at the run lock with the package's own code, which opens connections."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def size() -> Size:
    wanted = os.environ.get(VARIABLE, "3x12")
    rounds, _, processes = ("200x30" if wanted == "full" else wanted).partition("x")
    return Size(int(rounds), int(processes))


@pytest.fixture(scope="module")
def crowded_server(vendor_server: Server, size: Size) -> Iterator[Server]:
    """The vendor's shared server, or one of our own where the crowd is too large for that."""
    if size.processes <= 15 or vendor_server.vendor == "sqlite":
        yield vendor_server
        return

    def start() -> Server:
        server = SERVERS[vendor_server.name](config=CONNECTIONS[vendor_server.name])  # type: ignore[call-arg]
        server.start()
        return server

    server = start_or_skip(start)
    yield server
    server.remove()


@pytest.fixture(scope="module")
def shared_scene(
    crowded_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("crowd") / "project", crowded_server) as made:
        yield made


@pytest.fixture
def installed(shared_scene: Scene) -> Scene:
    """A project that is installed on each vendor in turn; what a test leaves applied, the next one takes back."""
    shared_scene.install()
    return shared_scene


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the migration that counts itself can be held."""
    return tmp_path / "held"
