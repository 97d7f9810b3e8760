"""What the run itself used: processor seconds and peak memory of this process and of the programs it started."""

from __future__ import annotations

import sys
from typing import Any

if sys.platform != "win32":
    import resource

    #: ``ru_maxrss`` is in kilobytes on Linux and in bytes on macOS (getrusage(2) of each).
    _RSS_UNIT = 1 if sys.platform == "darwin" else 1024

    def used() -> dict[str, Any]:
        """Return peak resident bytes and processor seconds since the process began, children that ended included."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "peak_rss_bytes": own.ru_maxrss * _RSS_UNIT,
            "cpu_seconds": round(
                own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, 3
            ),
        }

else:

    def used() -> dict[str, Any]:
        """Return peak resident bytes and processor seconds of this process."""
        import psutil

        process = psutil.Process()
        times = process.cpu_times()
        return {
            "peak_rss_bytes": process.memory_info().peak_wset,
            "cpu_seconds": round(times.user + times.system, 3),
        }
