"""The run that is disturbed, and the one that is not; both in a process of their own."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from django.core.management import execute_from_command_line
from django.db import connections

from django_safe_migrate import events
from tests.kill_matrix.copies import Copies, wait_until
from tests.kill_matrix.points import Points
from tests.kill_matrix.states import Place, Reference, dump, look

#: What a run leaves in the folder of the project.
LEFT = (".safe_migrate", "backups", "restart.wanted", "restart.done")
KILL, CUT, RESTART, RANDOM = "kill", "cut", "restart", "random"


def command(backup: bool) -> list[str]:
    """The run."""
    return ["manage.py", "safemigrate", "--noinput", "--backup", "always" if backup else "never"]


def clean(copies: Copies) -> None:
    """Forget everything that the run before has left."""
    copies.put_back()
    for name in LEFT:
        path = Path(name)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def disturbed(task: dict[str, Any], copies: Copies) -> None:
    """Run, and come to grief at the point of the task; without one, somebody else kills this process."""
    if task["action"] != RANDOM:

        def at_point(number: int, name: str, connection: Any) -> None:
            if number == task["number"]:
                Path("point.txt").write_text(name)
                _ACTIONS[task["action"]](copies, connection or connections["default"])

        Points(at_point).install()
    execute_from_command_line(command(task["backup"]))


def _kill(copies: Copies, connection: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _cut(copies: Copies, connection: Any) -> None:
    copies.cut(connection)


def _restart(copies: Copies, connection: Any) -> None:
    """Ask the test for it, whose server it is."""
    Path("restart.wanted").touch()
    wait_until(Path("restart.done").exists, "The restart of the server")


_ACTIONS = {KILL: _kill, CUT: _cut, RESTART: _restart}


class Recording:
    """Notes the points, and what is in the database between the operations of migrations that are not one transaction."""

    def __init__(self, copies: Copies) -> None:
        self.copies = copies
        self.points: list[str] = []
        self.plan: tuple[str, ...] = ()
        self.places: list[Place] = []
        self.seconds = 0.0
        self._atomic: list[bool] = []
        self._finished: list[int] = []

    def at_point(self, number: int, name: str, connection: Any) -> None:
        """Note a point."""
        self.points.append(name)

    def heard(self, sender: Any, record: Any, event: dict[str, Any], **_: Any) -> None:
        """Note the plan."""
        self.plan = tuple(step.label for step in record.steps)
        can_roll_back = connections["default"].features.can_rollback_ddl
        self._atomic = [bool(step.atomic and can_roll_back) for step in record.steps]

    def looking(self, original: Any) -> Any:
        """Surround `Recorder._emit`, to look before operations begin and when migrations are finished."""

        def emit(recorder: Any, name: str, payload: dict[str, Any]) -> Any:
            if name == events.STEP_STARTED:
                self._look(payload["index"], 0)
                self._finished = []
            elif name == events.OPERATION_STARTED and not self._atomic[payload["index"]]:
                self._look(payload["index"], len(self._finished))
            elif name == events.OPERATION_FINISHED and payload["operation"] >= 0:
                self._finished.append(payload["operation"])
            elif name == events.STEP_FINISHED and not self._atomic[payload["index"]]:
                self._look(payload["index"], len(self._finished))
            return original(recorder, name, payload)

        return emit

    def _look(self, step: int, operations: int) -> None:
        self.places.append(Place(step, operations, look(self.copies.database).digest))


def record_reference(copies: Copies, options: Path) -> None:
    """Run undisturbed, twice: once to look at every place, and once to count and to take the time."""
    from django_safe_migrate import recorder, signals

    backup = options.name == "backup"
    recording = Recording(copies)
    signals.run_started.connect(recording.heard, weak=False)
    original = recorder.Recorder._emit
    recorder.Recorder._emit = recording.looking(original)  # type: ignore[method-assign]
    execute_from_command_line(command(backup=False))
    recorder.Recorder._emit = original  # type: ignore[method-assign]
    connections.close_all()
    final = dump(copies.database)
    clean(copies)
    started = time.monotonic()
    execute_from_command_line(command(backup))
    seconds = time.monotonic() - started
    connections.close_all()
    clean(copies)
    Points(recording.at_point).install()
    execute_from_command_line(command(backup))
    reference = Reference(
        tuple(recording.points), recording.plan, tuple(recording.places), final, seconds
    )
    Path("reference.pickle").write_bytes(pickle.dumps(reference))
