"""The project of these tests, moved back and forth by crowds, and what must be true of it after each of them."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from django_safe_migrate import events, journal
from django_safe_migrate.databases import get_database
from tests.concurrency.crowd import Crowd, Outcome, check_outcomes, ended_with, wait_until
from tests.concurrency.tally_shop import MOVING, write_shop
from tests.projects import Project
from tests.servers import Server

NOTHING = "No migrations to apply."
FORWARDS = ("safemigrate", "--noinput")
BACKWARDS = ("safemigrate", "--noinput", "shop", "0001")
#: What `safemigrate` with another run in its way says: who that is.
IN_THE_WAY = re.compile(
    r"Another run holds database 'default': host \S+, process \d+.*\. Waited 0 s for it\."
)


def has_moved(outcome: Outcome) -> bool:
    """Whether a process that ended well has carried a plan out."""
    return (
        outcome.command[0] == "safemigrate"
        and "--dry-run" not in outcome.command
        and NOTHING not in outcome.output
    )


class Scene:
    """A project, its crowd, and how often each way was taken so far."""

    def __init__(self, project: Project, crowd: Crowd) -> None:
        self.project, self.crowd = project, crowd
        self.taken: Counter[str] = Counter()
        self.is_installed = False

    @property
    def is_forwards(self) -> bool:
        """Whether the moving migrations are applied."""
        return self.is_installed and ("shop", MOVING[-1]) in self.project.applied_migrations()

    def next_move(self, *options: str) -> list[str]:
        """Return the command that goes to where the database is not."""
        return [*(BACKWARDS if self.is_forwards else FORWARDS), *options]

    def install(self) -> None:
        """Have everything applied; tests come in any order."""
        if not self.is_installed:
            self.move([[*FORWARDS]])

    def move(self, commands: Sequence[Sequence[str]], codes: Sequence[int] = (0,)) -> list[Outcome]:
        """Let a crowd go where the database is not, and check that exactly one process went."""
        before = self.runs()
        target = not self.is_forwards
        outcomes = self.crowd.run(commands)
        check_outcomes(outcomes, *codes)
        self.taken["forwards" if target else "backwards"] += 1
        self.is_installed = True
        assert self.is_forwards is target
        done = [one for one in ended_with(outcomes, 0) if has_moved(one)]
        assert len(done) == 1, "\n".join(map(str, done))
        self.check_rest(before + Counter(succeeded=1))
        return outcomes

    def runs(self) -> Counter[str]:
        """Return how many runs the history has, by status."""
        if not self.is_installed:
            return Counter()
        rows = self.project.sql(
            "SELECT status, count(*) FROM django_safe_migrate_migrationrun GROUP BY status"
        )
        return Counter(dict(rows))

    def check_rest(self, runs: Counter[str]) -> None:
        """Nobody holds anything, nothing was done twice, and history and journal agree."""
        assert self.tallied() == self.taken, f"{self.tallied()} instead of {self.taken}"
        applied = self.project.applied_migrations()
        assert len(applied) == len(set(applied))
        assert self.runs() == runs, f"{self.runs()} instead of {runs}"
        self.check_lock_is_free()
        self.check_journals()

    def tallied(self) -> Counter[str]:
        """Return how often the migration that counts itself was carried out."""
        return Counter(
            dict(self.project.sql("SELECT what, count(*) FROM shop_tally GROUP BY what"))
        )

    def check_lock_is_free(self, alias: str = "default") -> None:
        """The run lock can be had at once."""
        with self.project.connection(alias) as connection:
            lock = get_database(connection).run_lock()
            assert lock.holder() == ""
            assert lock.try_acquire()
            lock.release()

    def check_journals(self) -> None:
        """Every run of the history has a whole journal, and no run has one that the history does not know."""
        known = {
            str(run_id).replace("-", ""): status
            for run_id, status in self.project.sql(
                "SELECT id, status FROM django_safe_migrate_migrationrun"
            )
        }
        files = journal.journals(self.project.folder / ".safe_migrate" / "journal")
        assert {file.run_id.replace("-", "") for file in files} <= known.keys()
        for file in files:
            last = journal.read(file.path)[-1]
            if last.name != events.RUN_FINISHED:
                # A run that was killed has no end; the next one closed it in the history.
                assert known[file.run_id.replace("-", "")] == "crashed", file.path
        assert "running" not in known.values()


class Holding:
    """A place where the migration that counts itself stops until it is let go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @property
    def env(self) -> dict[str, str]:
        """What tells the processes about it."""
        return {"HOLD_HERE": str(self.folder)}

    def wait_for_holder(self) -> int:
        """Wait until a process has stopped here, and return its id."""
        wait_until(lambda: bool(self._held()), "a process carries the migration out")
        return int(self._held()[0].removeprefix("held-"))

    def let_go(self) -> None:
        """Let it, and all that come later, go on."""
        (self.folder / "go").touch()

    def _held(self) -> list[str]:
        return [name for name in os.listdir(self.folder) if name.startswith("held-")]  # noqa: PTH208


@contextlib.contextmanager
def scene(folder: Path, server: Server) -> Iterator[Scene]:
    """A project on an empty database, with nothing applied, not even our own tables."""
    project = Project(folder, server)
    write_shop(project, BACKUP={"WHEN": "never"})
    project.add_database("other")
    try:
        with Crowd(project) as crowd:
            yield Scene(project, crowd)
    finally:
        project.remove()
