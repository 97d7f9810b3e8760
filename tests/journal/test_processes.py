from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import psutil

from django_safe_migrate.journal import processes

HERE = socket.gethostname()


def test_this_process_is_alive() -> None:
    assert processes.is_alive(HERE, os.getpid(), processes.started()) is True
    assert processes.is_alive(HERE, os.getpid(), time.time()) is True


def test_a_process_that_ended_is_not() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert processes.is_alive(HERE, ended.pid, time.time()) is False


def test_a_process_whose_end_nobody_has_asked_for_is_not() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert ended.stdout is not None
    # Its output ends a moment before the process does.
    ended.stdout.read()
    deadline = time.monotonic() + 60
    while processes.is_alive(HERE, ended.pid, time.time()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert psutil.Process(ended.pid).status() == psutil.STATUS_ZOMBIE
    ended.communicate()


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    assert processes.is_alive(HERE, os.getpid(), processes.started() - 60) is False


def test_without_a_moment_the_number_decides() -> None:
    assert processes.is_alive(HERE, os.getpid(), 0) is True


def test_of_another_host_nothing_is_known() -> None:
    assert processes.is_alive("elsewhere.example", os.getpid(), 0) is None
