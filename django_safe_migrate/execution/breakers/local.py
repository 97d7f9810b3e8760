"""Breakers that need no server: the disk, the hour, and a file that somebody puts there."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from django_safe_migrate import conf
from django_safe_migrate.execution.breakers.breaker import Breaker, CannotTell

if TYPE_CHECKING:
    from django_safe_migrate.conf import BreakerSettings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.values import Quantity, Window

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"))


class DiskFree(Breaker):
    """Opens when a disk has less room than it should."""

    def __init__(self, settings: BreakerSettings, folder: Path | None) -> None:
        """
        Args:
            settings: with the limit ``below``.
            folder: on the disk to look at; None where the disk of the server cannot be seen.
        """
        super().__init__(settings)
        self._folder = folder

    def look(self, database: Database | None) -> str:
        if self._folder is None:
            raise CannotTell(
                "the disk of the server cannot be seen from here; give PATH if it is on this machine"
            )
        disk = shutil.disk_usage(self._folder)
        below: Quantity = self.settings.options["below"]
        if disk.free >= below.of(disk.total):
            return ""
        limit = below.text if below.is_share else _size(below.number)
        share = f"{disk.free / disk.total:.1%}".replace("%", " %") if disk.total else "none"
        return f"{_size(disk.free)} ({share}) are free on the disk of {self._folder}, less than {limit}."


def _size(count: float) -> str:
    for factor, unit in _UNITS:
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1000:.1f} kB"


class StopFile(Breaker):
    """Opens while a file exists; its first line is the reason."""

    def __init__(self, settings: BreakerSettings, path: Path) -> None:
        super().__init__(settings)
        self._path = path

    def look(self, database: Database | None) -> str:
        reason = conf.stop_reason(self._path)
        if reason is None:
            return ""
        return f"The stop file {self._path} exists{f': {reason}' if reason else '.'}"


def _now() -> datetime.datetime:
    return datetime.datetime.now(timezone.get_default_timezone())


class WindowEnd(Breaker):
    """Opens when the maintenance windows are over, or nearly; a run that began outside of them is not held to them."""

    def __init__(
        self,
        settings: BreakerSettings,
        windows: Sequence[Window],
        now: Callable[[], datetime.datetime] = _now,
    ) -> None:
        super().__init__(settings)
        self._windows = windows
        self._now = now
        self._began_inside = any(window.contains(now()) for window in windows)

    def look(self, database: Database | None) -> str:
        if not self._began_inside:
            raise CannotTell("the run began outside of all maintenance windows")
        now, before = self._now(), self.settings.options["before"]
        names = ", ".join(window.text for window in self._windows)
        if not any(window.contains(now) for window in self._windows):
            return f"The maintenance window has closed ({names})."
        later = now + datetime.timedelta(seconds=before)
        if before and not any(window.contains(later) for window in self._windows):
            return f"The maintenance window closes within {before:g} seconds ({names})."
        return ""
