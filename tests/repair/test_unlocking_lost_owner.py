"""The run lock of an owner that died where the server cannot see it, and of one that only seems to be dead."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from django_safe_migrate.databases import get_database
from tests.projects import Project
from tests.repair.half_done_shop import SAFEMIGRATE, found, install, last_run, repair, wait_for
from tests.repair.proxy import proxy_to

pytestmark = pytest.mark.vendors("mariadb", "postgresql")


@contextmanager
def stopped_at(project: Project, mark: str) -> Iterator[subprocess.Popen[str]]:
    """A run that has come to a mark, and is alive until the block ends."""
    (project.folder / f"stop_{mark}").touch()
    process = project.popen(*SAFEMIGRATE)
    try:
        wait_for((project.folder / f"reached_{mark}").exists, process)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process as the kernel does, if it is still there."""
    if process.poll() is None:
        process.kill()
        process.communicate()


def is_held(project: Project) -> bool:
    with project.connection() as connection:
        return bool(get_database(connection).run_lock().holder())


def test_a_killed_owner_whose_session_lingers(project: Project) -> None:
    """A frozen proxy does to the server what a router does that has forgotten the connection: nobody tells it that the client is gone."""
    install(project)
    entry = project.databases["default"]
    direct = entry["PORT"]
    with proxy_to(int(direct)) as proxy:
        entry["PORT"] = str(proxy.port)
        project.write_settings()
        with stopped_at(project, "first") as process:
            proxy.freeze()
            end(process)
            entry["PORT"] = direct
            project.write_settings()
            assert is_held(project)
            (problem,) = (one for one in found(project, "--unlock") if one["action"] == "unlock")
            assert f"process {process.pid} of this machine, which is gone" in problem["found"]
            assert is_held(project)
            repair(project, "--unlock")
            assert not is_held(project)
            assert last_run(project)["status"] == "succeeded"
            assert repair(project, "--unlock").stdout.startswith(
                "Nothing to repair of what was asked for."
            )


def test_a_frozen_owner_is_not_gone(project: Project) -> None:
    install(project)
    with stopped_at(project, "first") as process:
        os.kill(process.pid, signal.SIGSTOP)
        refused = repair(project, "--unlock", check=False)
        assert refused.returncode == 6, refused.stdout + refused.stderr
        assert "This process is alive; nothing was freed." in refused.stderr
        assert "The database was not changed." in refused.stderr
        assert is_held(project)
        os.kill(process.pid, signal.SIGCONT)


@pytest.mark.vendors("mariadb")
def test_a_session_of_which_no_run_knows_is_left_alone(project: Project) -> None:
    """The number of a session alone proves nothing: it may be anybody's."""
    install(project)
    with proxy_to(int(project.databases["default"]["PORT"])) as proxy:
        entry = {**project.databases["default"], "PORT": str(proxy.port)}
        elsewhere = project.add_database("elsewhere")
        elsewhere.update(entry)
        project.write_settings()
        code = (
            "from django.db import connections; from django_safe_migrate.databases import get_database;"
            "import pathlib, time; lock = get_database(connections['elsewhere']).run_lock();"
            "assert lock.try_acquire(); pathlib.Path('taken').touch(); time.sleep(600)"
        )
        process = project.popen("shell", "-c", code)
        try:
            wait_for((project.folder / "taken").exists, process)
            proxy.freeze()
            end(process)
            refused = repair(project, "--unlock", check=False)
            assert refused.returncode == 6, refused.stdout + refused.stderr
            assert is_held(project)
        finally:
            end(process)
