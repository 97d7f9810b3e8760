from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from django_safe_migrate.execution.stop import Stop, Stopped


def test_a_plan_goes_on_while_nobody_asks() -> None:
    stop = Stop()
    stop.check()
    stop.stand()
    stop.sleep(0.01)
    assert not stop.is_requested
    assert stop.reason == ""


def test_the_first_reason_counts() -> None:
    stop = Stop()
    stop.request("The replica is behind.")
    stop.request("The disk is full.")
    assert stop.is_requested
    for ask in (stop.check, stop.stand, lambda: stop.sleep(600)):
        with pytest.raises(Stopped, match=r"^The replica is behind\.$"):
            ask()


def test_the_error_of_the_statement_is_the_cause() -> None:
    stop, error = Stop(), ValueError("cancelled")
    stop.request("Enough.")
    with pytest.raises(Stopped) as caught:
        stop.check(error)
    assert caught.value.__cause__ is error


def test_a_request_cancels_until_it_is_noticed() -> None:
    called = threading.Event()
    stop = Stop(called.set)
    stop.request("Enough.")
    assert called.wait(60)
    with pytest.raises(Stopped):
        stop.check()
    called.clear()
    time.sleep(0.5)
    assert not called.is_set()


def test_once_settled_a_request_cancels_nothing() -> None:
    called = threading.Event()
    stop = Stop(called.set)
    stop.settle()
    stop.request("Too late.")
    time.sleep(0.3)
    assert not called.is_set()
    assert stop.is_requested


def test_a_request_ends_a_sleep() -> None:
    stop = Stop()
    with ThreadPoolExecutor() as pool:
        sleeping = pool.submit(stop.sleep, 600)
        stop.request("Enough.")
        with pytest.raises(Stopped):
            sleeping.result(60)


def test_a_plan_stands_while_it_is_paused() -> None:
    stop = Stop()
    stop.pause("lag", "The replica is behind.")
    stop.pause("load", "The server is busy.")
    assert stop.pauses == ("The replica is behind.", "The server is busy.")
    with ThreadPoolExecutor() as pool:
        standing = pool.submit(stop.stand)
        stop.resume("lag")
        time.sleep(0.5)
        assert not standing.done()
        stop.resume("load")
        standing.result(60)
    assert stop.paused_seconds > 0.4
    assert stop.pauses == ()


def test_a_request_ends_a_pause() -> None:
    stop = Stop()
    stop.pause("lag", "The replica is behind.")
    with ThreadPoolExecutor() as pool:
        standing = pool.submit(stop.stand)
        stop.request("Enough.")
        with pytest.raises(Stopped, match="Enough"):
            standing.result(60)
