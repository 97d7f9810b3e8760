from __future__ import annotations

import threading
import time

from django_safe_migrate.execution.cancelling import Cancelling


def wait_for(event: threading.Event) -> None:
    assert event.wait(60)


def test_it_cancels_again_until_somebody_notices() -> None:
    thrice, calls = threading.Event(), []

    def cancel() -> None:
        calls.append(1)
        if len(calls) == 3:
            thrice.set()

    cancelling = Cancelling(cancel)
    cancelling.in_background()
    wait_for(thrice)
    cancelling.notice()
    count = len(calls)
    time.sleep(0.5)
    assert len(calls) == count
    assert cancelling.is_noticed


def test_noticing_waits_for_what_is_on_its_way() -> None:
    begun, done = threading.Event(), []

    def cancel() -> None:
        begun.set()
        time.sleep(0.5)
        done.append(1)

    cancelling = Cancelling(cancel)
    cancelling.in_background()
    wait_for(begun)
    cancelling.notice()
    assert done == [1]


def test_a_try_that_fails_is_repeated() -> None:
    twice, calls = threading.Event(), []

    def cancel() -> None:
        calls.append(1)
        if len(calls) == 2:
            twice.set()
        raise OSError("no route to host")

    cancelling = Cancelling(cancel)
    cancelling.in_background()
    wait_for(twice)
    cancelling.notice()


def test_after_noticing_nothing_is_cancelled() -> None:
    calls: list[int] = []
    cancelling = Cancelling(lambda: calls.append(1))
    cancelling.notice()
    cancelling.until_noticed()
    assert calls == []


def test_where_nothing_can_be_cancelled_nothing_is_tried() -> None:
    Cancelling(None).until_noticed()
