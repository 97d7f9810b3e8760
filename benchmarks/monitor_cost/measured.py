"""
`safemigrate` as a process that measures what its monitor costs, from the monitor's start to its stop.

Linux only: the kernel tells in ``schedstat`` how long each task was on a processor, in nanoseconds. So what the monitor's own thread and its own
session of the server take is known exactly, however busy the machine is.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import psutil

#: Variables of the environment: the server's process, and the file for what was measured.
SERVER_PID = "MONITOR_COST_SERVER_PID"
RESULT = "MONITOR_COST_RESULT"
WATCHED, UNWATCHED = "watched", "unwatched"

#: A query for the number of the task that serves this session.
_TASK = {
    "postgresql": "SELECT pg_backend_pid()",
    "mysql": "SELECT TID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()",
}


def main() -> None:
    """Carry out the pending migrations, watched or not, as the first argument says."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command

    from django_safe_migrate.execution.monitoring.monitor import Monitor

    meter = Meter(int(os.environ[SERVER_PID]))
    meter.attach(Monitor, is_watching=sys.argv[1] == WATCHED)
    call_command("safemigrate", interactive=False, backup="never", verbosity=0)
    Path(os.environ[RESULT]).write_text(json.dumps(meter.measured))


class Meter:
    """Measures between the start and the stop of a monitor, seconds of the clock and of processors."""

    def __init__(self, server_pid: int) -> None:
        self._server = psutil.Process(server_pid)
        self.measured: dict[str, float] = {"thread_cpu": 0.0, "session_cpu": 0.0, "looks": 0}

    def attach(self, monitor: Any, *, is_watching: bool) -> None:
        """Measure every monitor of this class; when it is not to watch, its thread ends at once."""
        start, stop, watch = monitor.start, monitor.stop, monitor._watch

        def measured_start(itself: Any) -> None:
            self._begin()
            start(itself)

        def measured_stop(itself: Any) -> Any:
            seen = stop(itself)
            self._end()
            self.measured["looks"] = seen["looks"]
            return seen

        def measured_watch(itself: Any) -> None:
            if is_watching:
                self._watch(itself, watch)

        monitor.start, monitor.stop, monitor._watch = measured_start, measured_stop, measured_watch

    def _begin(self) -> None:
        self.measured["began"] = time.monotonic()
        self.measured["process_cpu"] = -time.process_time()
        self.measured["server_cpu"] = -cpu_of_tree(self._server)

    def _end(self) -> None:
        self.measured["process_cpu"] += time.process_time()
        self.measured["server_cpu"] += cpu_of_tree(self._server)
        self.measured["ended"] = time.monotonic()

    def _watch(self, monitor: Any, watch: Callable[[Any], None]) -> None:
        began = time.thread_time()
        connect = monitor._database.monitoring_connection
        monitor._database.monitoring_connection = lambda: self._metered(connect())
        try:
            watch(monitor)
        finally:
            monitor._database.monitoring_connection = connect
            self.measured["thread_cpu"] += time.thread_time() - began

    def _metered(self, connection: Any) -> Any:
        """Add what the session takes to the measurement when it is closed; the thread that serves it may have served others before."""
        connect, close = connection.connect, connection.close

        def metered_connect() -> None:
            connect()
            self.measured["session_cpu"] -= self._session_cpu(connection)

        def metered_close() -> None:
            self.measured["session_cpu"] += self._session_cpu(connection)
            close()

        connection.connect, connection.close = metered_connect, metered_close
        return connection

    def _session_cpu(self, connection: Any) -> float:
        with connection.connection.cursor() as cursor:
            cursor.execute(_TASK[connection.vendor])
            task = int(cursor.fetchone()[0])
        server = task if connection.vendor == "postgresql" else self._server.pid
        nanoseconds = Path(f"/proc/{server}/task/{task}/schedstat").read_text().split()[0]
        return int(nanoseconds) / 1e9


def cpu_of_tree(process: psutil.Process) -> float:
    """Return the processor seconds of a process and its descendants, those that have ended included."""
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if member == process:
            total += times.children_user + times.children_system
    return total


if __name__ == "__main__":
    main()
