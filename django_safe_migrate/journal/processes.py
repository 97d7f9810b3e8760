"""Telling a run that goes on from one whose process is gone."""

from __future__ import annotations

import socket

import psutil

#: Clocks, and the kernel's idea of its boot time, move a little; a process id is not given out again that quickly.
TOLERANCE = 5.0


def started() -> float:
    """Return when this process began, in seconds since the epoch."""
    return float(psutil.Process().create_time())


def is_alive(host: str, pid: int, not_after: float) -> bool | None:
    """
    Whether the process of a run is still there; None when it ran on another host, where we cannot look.

    A process that began later than ``not_after`` (seconds since the epoch, 0 when unknown) only inherited the number; one that has ended,
    and for whose end nobody has asked yet, holds nothing any more.
    """
    if host != socket.gethostname():
        return None
    try:
        process = psutil.Process(pid)
        began = float(process.create_time())
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return not not_after or began <= not_after + TOLERANCE
