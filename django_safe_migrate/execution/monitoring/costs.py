"""What a run uses while it executes: answer times, processor, memory, disk, log, replicas. Peaks are kept, not every value."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import psutil

from django_safe_migrate.execution.monitoring.eta import Estimate

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.databases.activity import Load

#: Answer times that are kept for their median; later ones take the place of every other one.
_MOST_TIMES = 2000


class Costs:
    """What was measured on the way; everything is None that was never had."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._first: Load | None = None
        self._last: Load | None = None
        self._times: list[float] = []
        self.response = 0.0
        self._peaks: dict[str, float] = {}
        self._least_disk: int | None = None
        self._estimate = Estimate()
        self.progress: dict[str, Any] | None = None

    def probe(self, database: Database) -> None:
        """Measure how long the smallest query takes at this moment."""
        started = time.perf_counter()
        database.ask(database.smallest_query)
        self.response = time.perf_counter() - started
        if len(self._times) >= _MOST_TIMES:
            self._times = self._times[::2]
        self._times.append(self.response)
        self._peak("response_seconds", self.response)

    def look(self, database: Database, session: str) -> None:
        """Ask the server for everything that costs more than a probe."""
        self._last = database.load()
        self._first = self._first or self._last
        self._peak("replica_lag_seconds", self._last.lag)
        self.progress = self._estimate.of(database.statement_progress(session))

    def look_at_disk(self, database: Database) -> None:
        """Look at the disk of the server, where it can be seen."""
        free = database.free_disk_bytes()
        if free is not None:
            self._least_disk = free if self._least_disk is None else min(self._least_disk, free)

    def look_at_machine(self) -> None:
        """Look at this process and this machine."""
        self._peak("rss_bytes", self._process.memory_info().rss)
        self._peak("cpu_percent", self._process.cpu_percent())
        self._peak("machine_cpu_percent", psutil.cpu_percent())

    def _peak(self, name: str, value: float | None) -> None:
        if value is not None:
            self._peaks[name] = max(value, self._peaks.get(name, 0))

    def to_json(self) -> dict[str, Any]:
        """Return plain data; what was written counts from the first look on, by whomever."""
        found: dict[str, Any] = {f"peak_{name}": value for name, value in self._peaks.items()}
        found["median_response_seconds"] = statistics.median(self._times) if self._times else None
        found["least_free_disk_bytes"] = self._least_disk
        for name in ("log_bytes", "temporary_bytes"):
            first, last = getattr(self._first, name, None), getattr(self._last, name, None)
            found[name] = None if first is None or last is None else max(0, last - first)
        return found
