"""The lock file at the instants when another process looks at it, or has locked it and not yet signed."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from pathlib import Path

import pytest

from django_safe_migrate.databases.locks import this_process
from django_safe_migrate.databases.sqlite.run_lock import SUFFIX, FileRunLock
from tests.status.journals import dead_process

pytestmark = pytest.mark.vendors("sqlite")


@pytest.fixture
def lock(tmp_path: Path) -> FileRunLock:
    return FileRunLock(tmp_path / "db.sqlite3")


def opened(lock: FileRunLock, kind: int) -> int:
    """Lock the file as another process would; the lock belongs to the opening of the file."""
    descriptor = os.open(lock.path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    return descriptor


def test_somebody_who_only_looks_is_not_in_the_way(lock: FileRunLock) -> None:
    # Left behind by a process that is gone.
    lock.path.write_text("no-such-host:0\n")
    looker = opened(lock, fcntl.LOCK_SH)
    leaving = threading.Timer(0.03, os.close, [looker])
    leaving.start()
    assert lock.try_acquire()
    leaving.join()
    assert lock.is_held()
    lock.release()


def test_two_who_look_do_not_see_each_other(lock: FileRunLock) -> None:
    lock.path.touch()
    looker = opened(lock, fcntl.LOCK_SH)
    assert lock.holder() == ""
    os.close(looker)


def test_a_holder_who_has_not_signed_yet_is_waited_for(lock: FileRunLock) -> None:
    holder = opened(lock, fcntl.LOCK_EX)
    signing = threading.Timer(
        0.03, os.write, [holder, f"{this_process()}\n2026-01-02 03:04:05 UTC\n".encode()]
    )
    signing.start()
    assert not FileRunLock(lock.path.with_name("db.sqlite3")).try_acquire()
    signing.join()
    assert f"process {os.getpid()}, since 2026-01-02 03:04:05 UTC" in lock.holder()
    os.close(holder)


def test_who_was_killed_is_not_taken_for_the_one_who_has_the_lock_now(lock: FileRunLock) -> None:
    lock.path.write_text(f"{socket.gethostname()}:{dead_process()}\n2026-01-01 00:00:00 UTC\n")
    holder = opened(lock, fcntl.LOCK_EX)
    signature = f"{this_process()}\n2026-01-02 03:04:05 UTC\n".encode().ljust(200, b"\n")
    signing = threading.Timer(0.03, os.write, [holder, signature])
    signing.start()
    assert f"process {os.getpid()}, since 2026-01-02 03:04:05 UTC" in lock.holder()
    signing.join()
    os.close(holder)


def test_the_file_never_reads_empty_once_it_was_signed(lock: FileRunLock) -> None:
    assert lock.try_acquire()
    assert lock.path.name == f"db.sqlite3{SUFFIX}"
    first = lock.path.read_text()
    assert first.splitlines()[0] == this_process()
    owner = FileRunLock(lock.path.with_name("db.sqlite3")).owner()
    assert owner is not None
    assert owner.pid == os.getpid()
    lock.release()
    assert not lock.path.exists()
