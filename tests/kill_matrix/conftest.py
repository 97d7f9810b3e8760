"""The projects whose runs are disturbed: one on each server, made once in each process of pytest."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.kill_matrix import tally
from tests.kill_matrix.scene import Scene
from tests.servers import Server

MEMORY = Path("/dev/shm")  # noqa: S108
Check = Callable[[Scene, Sequence[dict[str, Any]]], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Divide the many points among tests, so that several processes can share them."""
    if "part" in metafunc.fixturenames:
        parts = 16 if metafunc.config.getoption("--kill-matrix") == "full" else 3
        metafunc.parametrize("part", [(part, parts) for part in range(parts)], ids=str)


@pytest.fixture
def is_full(pytestconfig: pytest.Config) -> bool:
    """Whether every point is asked for."""
    return bool(pytestconfig.getoption("--kill-matrix") == "full")


@pytest.fixture(scope="session")
def make_scene() -> Iterator[Callable[[Server], Scene]]:
    """Make a project on a server. A disk that is waited for proves nothing here: no process that is killed takes it along."""
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="kill-matrix-", dir=MEMORY if in_memory else None))
    made: list[Scene] = []

    def make(server: Server) -> Scene:
        made.append(Scene(folder / f"project{len(made)}", server))
        return made[-1]

    yield make
    for scene in made:
        scene.remove()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _scenes() -> dict[str, Scene]:
    return {}


@pytest.fixture
def scene(
    vendor_server: Server, make_scene: Callable[[Server], Scene], _scenes: dict[str, Scene]
) -> Scene:
    """The project on each vendor's shared server."""
    if vendor_server.name not in _scenes:
        _scenes[vendor_server.name] = make_scene(vendor_server)
    return _scenes[vendor_server.name]


@pytest.fixture
def check(record_property: Callable[[str, object], None]) -> Check:
    """Carry tasks out, count them, and fail with everything that was wrong."""

    def check(scene: Scene, tasks: Sequence[dict[str, Any]]) -> None:
        results = scene.disturb(tasks)
        rows = tally.counted(scene.server.name, results)
        record_property(tally.PROPERTY, rows)
        for row, result in zip(rows, results, strict=True):
            print(result["number"], result["point"], result["state"], row[2], sep=" | ")
        assert len(results) == len(tasks)
        lost = [
            "\n".join([f"{one['action']} at {one['number']}, {one['point']}: {one['state']}, {one['way']}", *one["wrong"]])
            for one in results
            if one["wrong"]
        ]  # fmt: skip
        assert not lost, f"{len(lost)} of {len(results)}:\n\n" + "\n\n".join(lost)

    return check
