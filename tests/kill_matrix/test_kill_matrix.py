"""
Killed at any instant, nothing is lost.

By default some hundred points of the run; `--kill-matrix=full` tries every one, and `SAFE_MIGRATE_KILLS=1000` kills at so many
random instants on each vendor. `-s` prints every point.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.kill_matrix import choosing
from tests.kill_matrix.conftest import Check
from tests.kill_matrix.scene import Scene
from tests.servers import Server

#: On each vendor, unless everything is asked for.
POINTS, RANDOM, BACKUP, CUT, RESTARTS = 90, 10, 8, 30, 6
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_killed_at_a_point(
    scene: Scene, check: Check, part: tuple[int, int], is_full: bool
) -> None:
    reference = scene.reference()
    numbers = choosing.all_points(reference) if is_full else choosing.spread(reference, POINTS)
    check(scene, choosing.at_points(numbers[part[0] :: part[1]], "kill"))


def test_killed_at_a_random_instant(scene: Scene, check: Check) -> None:
    count = int(os.environ.get("SAFE_MIGRATE_KILLS", RANDOM))
    seconds = scene.reference().seconds
    check(scene, choosing.at_random(count, seconds, seed=f"{scene.server.name} {count}"))


def test_killed_while_a_backup_is_made(scene: Scene, check: Check, is_full: bool) -> None:
    reference = scene.reference(backup=True)
    first, last = choosing.bounds(reference, "backup")
    numbers = list(range(first, last + 1))
    chosen = numbers if is_full else choosing.evenly(numbers, BACKUP)
    check(scene, choosing.at_points(chosen, "kill", backup=True))


@pytest.mark.vendors("postgresql", "mariadb")
def test_connection_cut(scene: Scene, check: Check, part: tuple[int, int], is_full: bool) -> None:
    reference = scene.reference()
    numbers = choosing.all_points(reference) if is_full else choosing.spread(reference, CUT)
    check(scene, choosing.at_points(numbers[part[0] :: part[1]], "cut"))


@pytest.mark.vendors("postgresql", "mariadb")
def test_server_crashed(
    vendor_server: Server,
    make_server: Callable[..., Server],
    make_scene: Callable[[Server], Scene],
    check: Check,
    is_full: bool,
) -> None:
    scene = make_scene(make_server(vendor_server.name))
    reference = scene.reference()
    first, last = choosing.bounds(reference, "execute")
    points = choosing.all_points(reference)
    chosen = points if is_full else choosing.evenly(points[first - 1 : last], RESTARTS)
    check(scene, choosing.at_points(chosen, "restart"))
