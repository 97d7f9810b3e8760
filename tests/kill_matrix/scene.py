"""A project with a prepared database, whose runs are disturbed by `driver.py`."""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import forking
from tests.kill_matrix.states import Reference
from tests.projects import CHECKOUT, SAFE_MIGRATE_APPS, Project
from tests.servers import Server

DRIVER = Path(__file__).with_name("driver.py")
SETTINGS = {
    # The rules would stop it; that is another matter.
    "START_AFTER": {"shop": "0006_rules", "stock": "0003_place"},
    "RUN_LOCK_WAIT": "60s",
}
SECONDS = 3000.0


class Scene:
    """The project on one server; made once, disturbed many times."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server = server
        self.project = Project(folder, server)
        self.project.installed_apps = ["django.contrib.contenttypes", *SAFE_MIGRATE_APPS]
        self.project.settings(SAFE_MIGRATE=SETTINGS)
        self.project.copy_scenario("kill_shop")
        if server.vendor == "sqlite":
            # No crash of a process can tell it apart, as with the servers.
            entry = self.project.databases["default"]
            entry["OPTIONS"] = {"init_command": "PRAGMA synchronous = OFF"}
            self.project.write_settings()
        self._drive("prepare", "-")
        self._references: dict[bool, Reference] = {}

    def reference(self, *, backup: bool = False) -> Reference:
        """Return the undisturbed run; recorded at the first call, and again when the other kind is asked for."""
        if backup not in self._references:
            self._drive("reference", "backup" if backup else "plain")
            found = (self.project.folder / "reference.pickle").read_bytes()
            self._references[backup] = pickle.loads(found)  # noqa: S301
        return self._references[backup]

    def disturb(self, tasks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Carry tasks out one after the other, and return what was seen of each."""
        file = self.project.folder / "tasks.json"
        file.write_text(json.dumps(list(tasks)))
        over = threading.Event()
        helper = threading.Thread(target=self._restart_when_asked, args=[over])
        helper.start()
        try:
            self._drive("matrix", "tasks.json")
        finally:
            over.set()
            helper.join()
        lines = (self.project.folder / "tasks.results").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def _restart_when_asked(self, over: threading.Event) -> None:
        """Crash the server and start it again, whenever the driver asks for it."""
        wanted = self.project.folder / "restart.wanted"
        while not over.wait(0.01):
            if wanted.exists():
                wanted.unlink()
                self.server.kill()
                self.server.start()
                (self.project.folder / "restart.done").touch()

    def remove(self) -> None:
        """Drop the databases; one on a server that is gone already went with it."""
        if self.server.is_running:
            self.project.remove()

    def _drive(self, *arguments: str) -> None:
        environment = self.project.environment()
        environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], str(CHECKOUT)])
        result = forking.run(
            [str(DRIVER), *arguments],
            cwd=self.project.folder,
            env=environment,
            input=None,
            timeout=SECONDS,
        )
        assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
        output = self.project.folder / "output.txt"
        if arguments[0] == "reference":
            assert (self.project.folder / "reference.pickle").exists(), output.read_text()[-5000:]
