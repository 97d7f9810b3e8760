"""
One virtual environment per real project, built once and kept.

wagtail and django-oscar pin packages that contradict each other (django-treebeard below 6 against the newest), so they
share neither an environment with one another nor with the tests. An environment is named after everything that decides
its contents; changing any of it builds a new one beside the old.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django

from tests.projects import CHECKOUT, package_folder

# Where environments are kept; a CI job points this at a folder that its cache restores.
CACHE_VARIABLE = "REAL_PROJECTS_CACHE"
# Variables of the test run that would lead a command of another environment astray.
NOT_INHERITED = frozenset({"DJANGO_SETTINGS_MODULE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"})
# Holds a link to the package under test and nothing else: its own folder may hold a whole site-packages.
TESTED_FOLDER = "tested"
REQUIREMENTS = {
    "wagtail": ("wagtail==8.0",),
    "oscar": ("django-oscar[sorl-thumbnail]==4.2.1",),
}


class EnvironmentNotBuilt(RuntimeError):
    """The installer failed; the message carries the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A built virtual environment."""

    name: str
    path: Path

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    def variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the variables for its commands: its programs come first, the tested package can be imported."""
        kept = {name: value for name, value in inherited.items() if name not in NOT_INHERITED}
        programs = f"{self.path / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
        return kept | {"PATH": programs, "PYTHONPATH": str(self.path / TESTED_FOLDER)}


@cache
def build_environment(name: str) -> Environment:
    """Return the environment of the project, building it when no finished one is there."""
    requirements = environment_requirements(name)
    root = Path(os.environ.get(CACHE_VARIABLE) or CHECKOUT / ".cache" / "real_projects")
    path = root / f"{name}-{_digest(requirements)}"
    finished = path / "finished"
    with _only_builder(root, path.name):
        if not finished.exists():
            shutil.rmtree(path, ignore_errors=True)
            _install(path, requirements)
            _link_tested_package(path)
            finished.touch()
    return Environment(name, path)


def environment_requirements(name: str) -> tuple[str, ...]:
    """Return what is installed: the project, the Django series of this test run, our own dependencies, the drivers."""
    series = "~={}.{}.0".format(*django.VERSION[:2])
    # mysqlclient is built from source on many machines: asked for only where this test run has it as well.
    drivers = (
        "psycopg[binary]",
        *(("mysqlclient",) if importlib.util.find_spec("MySQLdb") else ()),
    )
    return (*REQUIREMENTS[name], f"Django{series}", *_own_dependencies(), *drivers)


def _own_dependencies() -> tuple[str, ...]:
    """Return what our distribution depends on; the package itself is linked to, so that it is always the tested one."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return tuple(project["dependencies"])


def _digest(requirements: tuple[str, ...]) -> str:
    deciding = [sys.version, str(package_folder()), *requirements]
    return hashlib.sha256("\n".join(deciding).encode()).hexdigest()[:12]


@contextmanager
def _only_builder(root: Path, name: str) -> Iterator[None]:
    """Let parallel test runs wait for the first one instead of installing into the same folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / ".gitignore").write_text("*\n")
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(path: Path, requirements: tuple[str, ...]) -> None:
    if importlib.util.find_spec("uv"):
        _run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, str(path))
        _run(
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--python",
            str(path / "bin" / "python"),
            *requirements,
        )
    else:
        _run(sys.executable, "-m", "venv", str(path))
        _run(
            str(path / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            *requirements,
        )


def _link_tested_package(path: Path) -> None:
    (path / TESTED_FOLDER).mkdir()
    (path / TESTED_FOLDER / "django_safe_migrate").symlink_to(
        package_folder() / "django_safe_migrate"
    )


def _run(*command: str) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise EnvironmentNotBuilt(
            f"{' '.join(command)} left with status {finished.returncode}. Its last words:\n{finished.stderr[-2000:]}"
        )
