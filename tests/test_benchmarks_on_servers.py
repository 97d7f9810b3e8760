"""The benchmarks that need a server judge what they measured, and measure it: stalls of requests, and the cost of the monitor."""

from __future__ import annotations

import sys

import psutil
import pytest

from benchmarks.monitor_cost import __main__ as monitor_cost
from benchmarks.monitor_cost.measured import cpu_of_tree
from benchmarks.stalls import __main__ as stalls
from benchmarks.stalls import outcome
from benchmarks.stalls.clients import Request, Traffic
from benchmarks.stalls.run import Moments
from benchmarks.stalls.tools import TOOLS


def test_times_with_a_waiting_request_are_counted_once() -> None:
    requests = [
        Request(1.0, 1.0, 3.0),
        Request(2.0, 2.0, 3.5),
        Request(2.5, None, 3.5),
        Request(5.0, 5.0, 5.01),
        Request(8.0, 8.0, 12.0),
    ]
    assert outcome.waiting_times(requests, 0.0, 10.0) == [(1.0, 3.5), (8.0, 10.0)]
    assert requests[2].seconds == 1.0


@pytest.mark.parametrize(
    ("worst", "error", "blocker_error", "is_done", "met"),
    [
        (2.15, "", "", True, True),
        (2.25, "", "", True, False),
        (0.1, "OperationalError: deadlock", "", True, False),
        (0.1, "", "OperationalError: terminated", True, False),
        (0.1, "", "", False, False),
    ],
)
def test_a_run_is_judged_by_stalls_failures_and_whether_it_was_done(
    worst: float, error: str, blocker_error: str, is_done: bool, met: bool
) -> None:
    traffic = Traffic(
        [Request(1.0, 1.0, 1.0 + worst), Request(4.0, 4.0, 4.01, error)],
        [Request(1.0, 1.0, 1.03)],
    )
    moments = Moments(
        started=0.0,
        waited=1.0,
        released=21.0,
        applied=22.5 if is_done else None,
        ended=24.0,
        blocker_error=blocker_error,
    )
    found = outcome.judge("safemigrate", traffic, moments, is_done=is_done, output="")
    assert found.met is met
    assert found.worst == pytest.approx(worst)
    assert found.control_worst == pytest.approx(0.03)
    assert found.done_after == (pytest.approx(1.5) if is_done else None)
    assert found.ended_after == pytest.approx(3.0)
    assert found.window == pytest.approx(23.0)
    line = outcome.table("postgresql 16", [found]).splitlines()[-1]
    assert line.endswith("| met |" if met else "| missed |")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_stalls_are_measured_while_somebody_holds_a_lock(name: str) -> None:
    server, found = stalls.on_server(
        name, [TOOLS["safemigrate"]], rounds=1, seconds=1.0, rows=1000, rate=5.0
    )
    [run] = found
    assert server.startswith(name)
    assert (run.is_done, run.statuses, run.failed_in_all) == (True, (0,), 0), run.last_words
    assert run.requests > 0
    assert run.done_after is not None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="The kernel's account of a task is Linux's.")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_the_cost_of_the_monitor_is_measured(name: str) -> None:
    subject = monitor_cost.on_server(name, 25, rounds=1, rows=3000)
    [watched], [unwatched] = subject.watched, subject.unwatched
    assert watched.looks > 0
    assert watched.thread_cpu > 0
    assert watched.session_cpu > 0
    assert (unwatched.looks, unwatched.thread_cpu, unwatched.session_cpu) == (0, 0.0, 0.0)
    assert monitor_cost.table([subject]).splitlines()[-1].startswith(f"| {name} ")


def test_the_processor_time_of_a_tree_has_its_descendants() -> None:
    own = psutil.Process()
    assert cpu_of_tree(own) >= sum(own.cpu_times()[:2]) - 1
