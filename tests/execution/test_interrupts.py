"""Real signals to a real process: what a handler does cannot be seen from inside pytest, which has handlers of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_safe_migrate.execution.interrupts import StopRequested, stopping

PROGRAM = """
import signal, sys, time
from django_safe_migrate.execution.interrupts import StopRequested, ensure_not_stopped, pass_over, stopping, undisturbed
{before}
try:
    with stopping({cancel}):
        {inside}
except StopRequested as stop:
    print("stopped by", stop, stop.number, flush=True)
    {after}
print("end", flush=True)
"""
WAIT = "sys.stdin.readline()"
READY = f"print('ready', flush=True); {WAIT}"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process that is inside `stopping`, and return it once it is."""
    started = []

    def run(
        before: str = "", inside: str = READY, after: str = "pass", cancel: str = "None"
    ) -> subprocess.Popen[str]:
        program = PROGRAM.format(before=before, inside=inside, after=after, cancel=cancel)
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks_to_stop(start: Start, number: signal.Signals) -> None:
    process = start()
    process.send_signal(number)
    assert line(process) == f"stopped by {number.name} {number.value}"
    assert line(process) == "end"
    assert process.wait() == 0


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(start: Start, second: signal.Signals) -> None:
    inside = f"try: {READY}\n        finally: print('tidying', flush=True); {WAIT}"
    process = start(inside=inside)
    process.send_signal(signal.SIGTERM)
    assert line(process) == "tidying"
    process.send_signal(second)
    assert process.wait() == -second


def test_code_of_a_migration_cannot_swallow_it(start: Start) -> None:
    inside = f"try: {READY}\n        except Exception: print('swallowed', flush=True)"
    process = start(inside=inside)
    process.send_signal(signal.SIGTERM)
    assert line(process) == f"stopped by SIGTERM {signal.SIGTERM.value}"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_an_ignored_signal_stays_ignored(start: Start, number: signal.Signals) -> None:
    """`nohup` ignores SIGHUP for its program, and a shell SIGINT for what it starts in the background."""
    ignoring = f"signal.signal({number.value}, signal.SIG_IGN)"
    inside = f"{READY}; print('went on', flush=True)"
    process = start(before=ignoring, inside=inside)
    process.send_signal(number)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert line(process) == "went on"
    assert line(process) == "end"


def test_an_ignored_signal_stays_ignored_after_another_one(start: Start) -> None:
    process = start(before="signal.signal(signal.SIGHUP, signal.SIG_IGN)", after=WAIT)
    process.send_signal(signal.SIGTERM)
    assert line(process).startswith("stopped by SIGTERM")
    process.send_signal(signal.SIGHUP)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert line(process) == "end"


def test_handlers_are_put_back() -> None:
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    before = [signal.getsignal(number) for number in numbers]
    with stopping():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert [signal.getsignal(number) for number in numbers] == before


def test_handlers_are_put_back_after_a_stop() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StopRequested, match="SIGTERM"), stopping():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_handler_that_python_did_not_set_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that embeds Python has handlers that `signal.getsignal` gives as None."""
    get = signal.getsignal
    monkeypatch.setattr(
        signal, "getsignal", lambda number: None if number == signal.SIGHUP else get(number)
    )
    before = get(signal.SIGHUP)
    with stopping():
        assert get(signal.SIGHUP) is before
        assert get(signal.SIGTERM) is not signal.SIG_DFL
    assert get(signal.SIGHUP) is before


def test_another_thread_cannot_handle_signals_and_does_not_try() -> None:
    passed = []

    def run() -> None:
        with stopping():
            passed.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert passed == [True]


# --- while C code runs ----------------------------------------------------------------------------------------------

#: A statement that takes hours, in C, with what ends it.
ENDLESS = (
    "import sqlite3; db = sqlite3.connect(':memory:', check_same_thread=False)\n"
    "endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 100000000000) SELECT count(*) FROM c'"
)


def start_endless(start: Start, inside: str, cancel: str = "db.interrupt") -> Any:
    return start(before=ENDLESS, inside=f"print('ready', flush=True); {inside}", cancel=cancel)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_statement_in_c_is_cancelled(start: Start, number: signal.Signals) -> None:
    process = start_endless(start, "db.execute(endless)")
    process.send_signal(number)
    assert line(process) == f"stopped by {number.name} {number.value}"


def test_the_error_of_the_statement_is_not_what_comes_out(start: Start) -> None:
    inside = "\n        try: db.execute(endless)\n        except Exception: pass\n        for _ in range(10**9): pass"
    process = start_endless(start, inside)
    process.send_signal(signal.SIGTERM)
    assert line(process).startswith("stopped by SIGTERM")


def test_a_second_signal_ends_the_process_although_c_code_runs(start: Start) -> None:
    for _attempt in range(20):
        process = start_endless(start, "db.execute(endless)", cancel="None")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        # Two at once would be one.
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        # One that came before the statement had begun was heard by Python.
        if process.wait(60) not in {0, -signal.SIGTERM}:
            break
    assert process.returncode == 128 + signal.SIGTERM


def test_what_was_swallowed_is_raised_again_when_asked(start: Start) -> None:
    inside = f"try: {READY}\n        except BaseException: pass\n        ensure_not_stopped()"
    process = start(inside=inside)
    process.send_signal(signal.SIGTERM)
    assert line(process).startswith("stopped by SIGTERM")


@pytest.mark.parametrize("passing", ["with undisturbed(): {}", "pass_over(); {}"])
def test_a_first_signal_can_be_passed_over(start: Start, passing: str) -> None:
    process = start(inside=passing.format(f"{READY}; print('went on', flush=True)"))
    process.send_signal(signal.SIGTERM)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert line(process) == "went on"
    assert line(process) == "end"


def test_the_wakeup_descriptor_is_put_back_and_its_owner_is_told() -> None:
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        before = signal.set_wakeup_fd(writing.fileno())
        try:
            with pytest.raises(StopRequested), stopping():
                signal.raise_signal(signal.SIGTERM)
            assert signal.set_wakeup_fd(writing.fileno()) == writing.fileno()
        finally:
            signal.set_wakeup_fd(before)
        reading.settimeout(60)
        assert reading.recv(1) == bytes([signal.SIGTERM])


def test_a_signal_to_a_forked_child_does_not_reach_the_parent(start: Start) -> None:
    """A migration may use processes of its own, and end them."""
    inside = (
        "\n        begun, begin = os.pipe(); pid = os.fork()\n        if pid == 0:\n            os.write(begin, b'x')\n"
        # Not one long sleep: Python may be told of a signal just before the call, and then sleep all the same.
        "            while True: time.sleep(0.1)\n"
        "        os.read(begun, 1); os.kill(pid, signal.SIGTERM); os.waitpid(pid, 0); time.sleep(1)\n"
        f"        print('cancelled' if cancelled else 'undisturbed', flush=True); {WAIT}"
    )
    before = "import os; cancelled = []"
    process = start(
        before=before,
        inside=f"print('ready', flush=True); {inside}",
        after="os._exit(0)",
        cancel="lambda: cancelled.append(1)",
    )
    answers = {line(process), line(process)}
    assert "undisturbed" in answers
