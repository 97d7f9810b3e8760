"""
A crowd of `safemigrate` on one database, round after round: exactly one process carries each plan out.

Three rounds of twelve processes by default; `SAFE_MIGRATE_TESTS_CONCURRENCY=full` makes it 200 rounds of 30 on each vendor.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.concurrency.conftest import Size
from tests.concurrency.crowd import ended_with
from tests.concurrency.scene import IN_THE_WAY, Scene, scene
from tests.servers import Server

#: After so many rounds an empty database is taken, so that first installs are among them.
ROUNDS_ON_ONE_DATABASE = 25


@pytest.mark.slow
@pytest.mark.timeout(24 * 3600)
def test_exactly_one_process_of_a_crowd_carries_each_plan_out(
    crowded_server: Server, size: Size, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: Counter[int] = Counter()
    started = time.monotonic()
    for first in range(0, size.rounds, ROUNDS_ON_ONE_DATABASE):
        with scene(tmp_path / f"project{first}", crowded_server) as crowded:
            for number in range(first, min(size.rounds, first + ROUNDS_ON_ONE_DATABASE)):
                codes += play_round(crowded, size, waits=(number - first) % 4 < 2)
                if size.rounds > 3:
                    with capsys.disabled():
                        seconds = time.monotonic() - started
                        print(
                            f"{crowded_server.name}: {number + 1} rounds, {codes}, {seconds:.0f} s"
                        )
    assert codes.total() == size.rounds * size.processes


def play_round(crowded: Scene, size: Size, *, waits: bool) -> Counter[int]:
    """Move a database once; those that do not wait leave with exit code 6 and name who is in the way."""
    options = ["--wait", "10min" if waits else "0"]
    crowd = [crowded.next_move(*options)] * size.processes
    outcomes = crowded.move(crowd, codes=(0,) if waits else (0, 6))
    for refused in ended_with(outcomes, 6):
        assert IN_THE_WAY.search(refused.output), refused
        assert "The database was not changed." in refused.output, refused
    return Counter(one.code for one in outcomes)
