"""Real Django projects in temporary folders, whose commands run as real processes."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pprint
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tests import forking
from tests.project_templates import MANAGE, SETTINGS, URLS, URLS_WITHOUT_ADMIN
from tests.servers import Server
from tests.servers.base import open_connection
from tests.snapshots import Snapshot, take_snapshot

CHECKOUT = Path(__file__).resolve().parent.parent
SCENARIOS = Path(__file__).resolve().parent / "scenarios"
TIMEOUT = 120.0

DJANGO_APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
)
SAFE_MIGRATE_APPS = ("dbbackup", "health_check", "django_safe_migrate")


def migration(
    operations: str,
    *,
    dependencies: Sequence[tuple[str, str]] = (),
    imports: str = "",
    before: str = "",
    **attributes: Any,
) -> str:
    """
    Return the source of a migration file.

    `operations` is the body of the list, `before` is code above the class (functions of a RunPython), and each
    further keyword becomes a class attribute: `migration("...", atomic=False, initial=True)`.
    """
    lines = [
        "from django.db import migrations, models",
        *textwrap.dedent(imports).strip().splitlines(),
        "",
        textwrap.dedent(before).strip(),
        "",
        "class Migration(migrations.Migration):",
        *(f"    {name} = {value!r}" for name, value in attributes.items()),
        f"    dependencies = {list(dependencies)!r}",
        "    operations = [",
        textwrap.indent(textwrap.dedent(operations).strip(), " " * 8),
        "    ]",
    ]
    return "\n".join(lines) + "\n"


class Project:
    """A Django project on disk with databases of its own."""

    def __init__(self, folder: Path, server: Server, *, safe_migrate: bool = True) -> None:
        self.folder = folder
        self.server = server
        self.databases: dict[str, dict[str, Any]] = {"default": server.create_database()}
        self.installed_apps = [*DJANGO_APPS, *(SAFE_MIGRATE_APPS if safe_migrate else ())]
        self.extra_settings: dict[str, Any] = {}
        self.settings_code: list[str] = []
        (folder / "config").mkdir(parents=True)
        (folder / "config" / "__init__.py").touch()
        (folder / "manage.py").write_text(MANAGE)
        self.write_settings()

    # -- the files -----------------------------------------------------------------------------------------

    def settings(self, **settings: Any) -> None:
        """Add settings, such as `SAFE_MIGRATE={...}`; a value must be a literal or a path."""
        self.extra_settings.update(
            {name: _literal(name, value) for name, value in settings.items()}
        )
        self.write_settings()

    def add_settings_code(self, source: str) -> None:
        """Add Python code to the end of the settings file, for what is not a literal."""
        self.settings_code.append(textwrap.dedent(source).strip())
        self.write_settings()

    def add_database(self, alias: str) -> dict[str, Any]:
        """Create another empty database on the same server, and return its entry."""
        self.databases[alias] = self.server.create_database()
        self.write_settings()
        return self.databases[alias]

    def add_app(self, name: str) -> None:
        """Put an app at the end of INSTALLED_APPS."""
        if name not in self.installed_apps:
            self.installed_apps.append(name)
        self.write_settings()

    def remove_app(self, name: str) -> None:
        """Take an app out of INSTALLED_APPS; its files stay."""
        self.installed_apps.remove(name)
        self.write_settings()

    def write(self, path: str, source: str) -> Path:
        """Write a file of the project, given relative to its folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
        # Two versions of one second and one length would be the same to Python's cache.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()
        return file

    def write_app(
        self, label: str, *, models: str = "", migrations: Mapping[str, str] | None = None
    ) -> Path:
        """Write an app (or more files of one that exists) and install it; return its folder."""
        folder = self.folder / label
        if not (folder / "__init__.py").exists():
            self.write(f"{label}/__init__.py", "")
        if models or not (folder / "models.py").exists():
            self.write(
                f"{label}/models.py", "from django.db import models\n\n" + textwrap.dedent(models)
            )
        for name, source in (migrations or {}).items():
            if not (folder / "migrations" / "__init__.py").exists():
                self.write(f"{label}/migrations/__init__.py", "")
            self.write(f"{label}/migrations/{name}.py", source)
        self.add_app(label)
        return folder

    def delete_migration(self, label: str, name: str) -> None:
        """Delete a migration file, as a branch that was dropped does."""
        (self.folder / label / "migrations" / f"{name}.py").unlink()

    def copy_scenario(self, name: str) -> None:
        """Copy the apps of `tests/scenarios/<name>/` into the project and install them."""
        for app in sorted((SCENARIOS / name).iterdir()):
            if (app / "__init__.py").exists():
                shutil.copytree(
                    app,
                    self.folder / app.name,
                    dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
                self.add_app(app.name)

    def write_settings(self) -> None:
        """Write the settings and the URLs as they now are."""
        values = {
            "INSTALLED_APPS": self.installed_apps,
            "DATABASES": self.databases,
            **self.extra_settings,
        }
        assignments = [
            f"{name} = {pprint.pformat(value, width=100)}" for name, value in values.items()
        ]
        self.write(
            "config/settings.py", "\n".join([SETTINGS, *assignments, *self.settings_code]) + "\n"
        )
        with_admin = "django.contrib.admin" in self.installed_apps
        self.write("config/urls.py", URLS if with_admin else URLS_WITHOUT_ADMIN)

    # -- the commands --------------------------------------------------------------------------------------

    def environment(self, env: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Return the environment of the project's processes; a value of None takes a variable away."""
        environment = self.server.environment()
        environment["PYTHONPATH"] = os.pathsep.join([str(self.folder), str(package_folder())])
        environment["PYTHONUNBUFFERED"] = "1"
        environment["COLUMNS"] = "200"
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        for name, value in (env or {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        return environment

    def manage(
        self,
        *arguments: str,
        check: bool = True,
        env: Mapping[str, str | None] | None = None,
        input: str | None = None,  # noqa: A002
        timeout: float = TIMEOUT,
    ) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with these arguments; with `check`, a failure fails the test with the output."""
        result = forking.run(
            ["manage.py", *arguments],
            cwd=self.folder,
            env=self.environment(env),
            input=input,
            timeout=timeout,
        )
        if check and result.returncode != 0:
            raise AssertionError(
                f"manage.py {' '.join(arguments)} ended with status {result.returncode}.\n"
                f"--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}"
            )
        return result

    def popen(
        self, *arguments: str, env: Mapping[str, str | None] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Start `manage.py` and return at once, for a test that watches, interrupts or kills it."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=self.environment(env),
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.STDOUT,
                "text": True,
                **options,
            },
        )

    # -- the database --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def connection(self, alias: str = "default") -> Iterator[BaseDatabaseWrapper]:
        """Open a connection of the test's own to one of the project's databases."""
        with open_connection(self.databases[alias]) as connection:
            yield connection

    def sql(self, query: str, params: Any = None, alias: str = "default") -> list[tuple[Any, ...]]:
        """Run one statement on a database of the project, and return its rows."""
        return self.server.query(query, params, self.databases[alias])

    def applied_migrations(self, alias: str = "default") -> list[tuple[str, str]]:
        """Return what Django has recorded as applied, in the order of recording."""
        return [
            (app, name)
            for app, name in self.sql(
                "SELECT app, name FROM django_migrations ORDER BY id", alias=alias
            )
        ]

    def snapshot(self, alias: str = "default", **options: Any) -> Snapshot:
        """Return schema and rows for comparison; the options are those of `take_snapshot`."""
        with self.connection(alias) as connection:
            return take_snapshot(connection, **options)

    def remove(self) -> None:
        """Drop the project's databases; its folder belongs to pytest."""
        for entry in self.databases.values():
            self.server.drop_database(entry)


def package_folder() -> Path:
    """Return the folder from which `django_safe_migrate` is imported here: the checkout or site-packages."""
    spec = importlib.util.find_spec("django_safe_migrate")
    if spec is None or not spec.submodule_search_locations:
        return CHECKOUT
    return Path(spec.submodule_search_locations[0]).parent


def _literal(name: str, value: Any) -> Any:
    """Return the value as what `repr` can write and Python can read again."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {_literal(name, key): _literal(name, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_literal(name, item) for item in value)
    if not isinstance(value, str | bytes | int | float | None):
        raise TypeError(
            f"The setting {name} contains {value!r}, which is no literal; use add_settings_code()."
        )
    return value
