from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate import values
from django_safe_migrate.execution.breakers.breaker import CannotTell
from django_safe_migrate.execution.breakers.local import DiskFree, StopFile, WindowEnd

WINDOWS = values.windows(["22:00-23:30"])


def test_a_disk_with_room(configured: Any, tmp_path: Path) -> None:
    assert DiskFree(configured("DISK_FREE", "1kB"), tmp_path).look(None) == ""
    assert DiskFree(configured("DISK_FREE", "0%"), tmp_path).look(None) == ""


def test_a_disk_with_too_little_room(configured: Any, tmp_path: Path) -> None:
    more = shutil.disk_usage(tmp_path).total * 2
    reason = DiskFree(configured("DISK_FREE", more), tmp_path).look(None)
    assert f" are free on the disk of {tmp_path}, less than " in reason
    share = DiskFree(configured("DISK_FREE", "100%"), tmp_path).look(None)
    assert share.endswith("less than 100 %.")


def test_a_disk_that_cannot_be_seen(configured: Any) -> None:
    with pytest.raises(CannotTell, match="give PATH"):
        DiskFree(configured("DISK_FREE", "1kB"), None).look(None)


def test_a_stop_file(configured: Any, tmp_path: Path) -> None:
    file = tmp_path / "stop"
    breaker = StopFile(configured("STOP_FILE", str(file)), file)
    assert breaker.look(None) == ""
    file.touch()
    assert breaker.look(None) == f"The stop file {file} exists."
    file.write_text("We  count the\tstock.\nSecond line.")
    assert breaker.look(None) == f"The stop file {file} exists: We count the stock."
    file.unlink()
    file.mkdir()
    assert breaker.look(None) == f"The stop file {file} exists."


class Clock:
    """A clock that a test sets."""

    def __init__(self, hour: int, minute: int) -> None:
        self.set(hour, minute)

    def set(self, hour: int, minute: int) -> None:
        self.now = datetime.datetime(2026, 11, 21, hour, minute, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        return self.now


def test_the_end_of_a_window(configured: Any) -> None:
    clock = Clock(22, 5)
    breaker = WindowEnd(configured("WINDOW_END", "10min"), WINDOWS, clock)
    assert breaker.look(None) == ""
    clock.set(23, 19)
    assert breaker.look(None) == ""
    clock.set(23, 20)
    assert breaker.look(None) == "The maintenance window closes within 600 seconds (22:00-23:30)."
    clock.set(23, 30)
    assert breaker.look(None) == "The maintenance window has closed (22:00-23:30)."


def test_a_run_that_began_outside_of_its_windows(configured: Any) -> None:
    breaker = WindowEnd(configured("WINDOW_END", 0), WINDOWS, Clock(12, 0))
    with pytest.raises(CannotTell, match="began outside"):
        breaker.look(None)
