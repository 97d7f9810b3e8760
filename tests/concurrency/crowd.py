"""Processes of `manage.py` that start at the same moment, and what becomes of them."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from tests.projects import Project

#: What no output of a command may hold, whatever happened to it.
TRACEBACK = "Traceback (most recent call last)"
#: Everything that the documentation names.
DOCUMENTED = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 129, 130, 143})
#: Seconds for a whole crowd to end; a process that is alone takes one or two.
DEADLINE = 400.0

Command = Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """How one process ended; a negative code is the signal that ended it."""

    command: tuple[str, ...]
    code: int
    output: str

    def __str__(self) -> str:
        return f"--- manage.py {' '.join(self.command)} ended with {self.code}\n{self.output}"


class Crowd:
    """Processes of one project, forked from one that has set it up already; the project's files must not change meanwhile."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._starter: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Crowd:
        self._folder = tempfile.TemporaryDirectory()
        self._starter = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("starter.py"))],
            cwd=self.project.folder,
            env=self.project.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._starter is not None
        assert self._folder is not None
        for child in psutil.Process(self._starter.pid).children(recursive=True):
            child.kill()
        self._starter.kill()
        self._starter.communicate()
        self._folder.cleanup()

    def start(self, commands: Sequence[Command], env: Mapping[str, str] | None = None) -> None:
        """Start one process for each command, all at once."""
        assert self._starter is not None
        assert self._starter.stdin is not None
        assert self._folder is not None
        self._commands = [tuple(command) for command in commands]
        request = {"commands": commands, "env": dict(env or {}), "folder": self._folder.name}
        self._starter.stdin.write(json.dumps(request) + "\n")
        self._starter.stdin.flush()

    def outcomes(self) -> list[Outcome]:
        """Wait until all have ended, and return how, in the order of their commands."""
        assert self._starter is not None
        assert self._starter.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._starter.stdout, selectors.EVENT_READ)
            assert selector.select(DEADLINE), f"They have not ended after {DEADLINE:.0f} s."
        codes = json.loads(self._starter.stdout.readline())
        return [
            Outcome(command, code, self._output(number))
            for number, (command, code) in enumerate(zip(self._commands, codes, strict=True))
        ]

    def run(
        self, commands: Sequence[Command], env: Mapping[str, str] | None = None
    ) -> list[Outcome]:
        """Start them all at once, and return how each ended."""
        self.start(commands, env)
        return self.outcomes()

    def outputs(self) -> list[str]:
        """What each has printed so far, in the order of their commands."""
        return [self._output(number) for number in range(len(self._commands))]

    def _output(self, number: int) -> str:
        assert self._folder is not None
        return (Path(self._folder.name) / f"output-{number}").read_text()


def wait_until(true: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
    """Wait for a condition; fail when it does not become true."""
    end = time.monotonic() + deadline
    while not true():
        assert time.monotonic() < end, f"Waited {deadline:.0f} s until {what}."
        time.sleep(0.01)


def check_outcomes(outcomes: Sequence[Outcome], *codes: int) -> None:
    """Every process ended with one of these codes, and none of them with a traceback."""
    assert set(codes) <= DOCUMENTED
    bad = [one for one in outcomes if one.code not in codes or TRACEBACK in one.output]
    counted = dict(Counter(one.code for one in outcomes))
    assert not bad, f"{counted}\n" + "\n".join(str(one) for one in bad)


def ended_with(outcomes: Sequence[Outcome], code: int) -> list[Outcome]:
    """Those that ended with a code."""
    return [one for one in outcomes if one.code == code]
