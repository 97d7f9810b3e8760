"""Running one command to its end, and measuring it: seconds on the clock, seconds of processor, peak memory."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAST_WORDS = 4000
#: Seconds between two looks at a process's memory; the kernel keeps the peak, so only the very last growth can be missed.
INTERVAL = 0.01


class CommandFailed(RuntimeError):
    """A command that is measured must succeed; the message holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One command: processor seconds include the programs it started, the memory is its own alone."""

    seconds: float
    cpu_seconds: float
    peak_rss: int = 0


def measure(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    watch_memory: bool = False,
    statuses: Collection[int] = (0,),
    proof: str = "",
) -> Measurement:
    """
    Run a command and measure it.

    ``watch_memory`` also reads its peak memory (``VmHWM``, Linux only). The kernel's own account of a process that has ended is no
    use for that: it counts the memory of the parent from before the program was loaded. ``statuses`` are the exit codes of a command that
    has done its work: checks end with one of their own when they find something. A crash may end with the same, so that ``proof`` is a
    regular expression of what a command prints only at the end of its work.

    Raises:
        CommandFailed: the command ended with another status, or without the proof.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=with_bytecode(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        watch = _MemoryWatch(process.pid) if watch_memory else None
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        words = output.read().decode(errors="replace")
        if process.returncode not in statuses:
            raise CommandFailed(
                f"{command} ended with status {process.returncode}:\n{words[-LAST_WORDS:]}"
            )
        if not re.search(proof, words):
            raise CommandFailed(f"{command} did not print {proof!r}:\n{words[-LAST_WORDS:]}")
    return Measurement(seconds, usage.ru_utime + usage.ru_stime, watch.stop() if watch else 0)


def with_bytecode(env: Mapping[str, str]) -> dict[str, str]:
    """
    Return the environment in which Python keeps compiled modules, as every installed project does.

    They are kept in a folder of this run alone: neither a variable of this shell nor what happens to lie about decides what is measured.
    """
    kept = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": _bytecode_folder()}


@functools.cache
def _bytecode_folder() -> str:
    folder = tempfile.mkdtemp(prefix="safe-migrate-bytecode-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class _MemoryWatch:
    """Reads the peak memory of a process until it is gone."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/status")
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(INTERVAL):
            try:
                lines = self._path.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("VmHWM:"):
                    self._peak = max(self._peak, int(line.split()[1]) * 1024)

    def stop(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._peak
