"""
wagtail and django-oscar get the same database from `safemigrate` as from `migrate`: from empty, back, and forward.

Both projects have our app installed, so that every id of every table can be compared; only the contents of our history
tables are left out. Each pair of commands runs at the same time, since the two projects share nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.real_projects.comparison import compare_dumps
from tests.real_projects.dumps import dump_database
from tests.real_projects.generate import GeneratedProject, generate
from tests.servers import Server

pytestmark = [pytest.mark.real_projects, pytest.mark.slow]

TIMEOUT = 300.0
# What `migrate` is told so that the last two migrations that it carried out from empty, both of one app, are undone.
BEFORE_LAST_TWO = {
    "wagtail": ("wagtailusers", "0013_userprofile_density"),
    "oscar": ("wishlists", "0002_auto_20160111_1108"),
}
LAST_TWO = {
    "wagtail": {
        "wagtailusers.0014_userprofile_contrast",
        "wagtailusers.0015_userprofile_keyboard_shortcuts",
    },
    "oscar": {
        "wishlists.0003_auto_20181115_1953",
        "wishlists.0004_auto_20220328_0939",
    },
}
# Before Django 6.1 the order of independent migrations is that of a set, which changes with the seed of Python's hashes.
SAME_ORDER = {"PYTHONHASHSEED": "0"}


class Pair:
    """The same project twice: one migrated by Django's command, the other by ours."""

    def __init__(
        self, name: str, folder: Path, server: Server, make_database: Callable[[], dict[str, Any]]
    ) -> None:
        self.server = server
        self.databases = make_database(), make_database()
        self.django, self.ours = (
            generate(name, folder / kind, database, variables=server.environment() | SAME_ORDER)
            for kind, database in zip(("migrate", "safemigrate"), self.databases, strict=True)
        )

    def run(self, django_arguments: tuple[str, ...], our_arguments: tuple[str, ...]) -> None:
        """Run one command in each project at the same time; both must succeed."""
        with ThreadPoolExecutor(2) as pool:
            commands = [(self.django, django_arguments), (self.ours, our_arguments)]
            for finished in [
                pool.submit(succeed, project, *arguments) for project, arguments in commands
            ]:
                finished.result()

    def difference(self) -> str:
        """Return everything in which the two databases differ."""
        first, second = (
            dump_database(each, environment=self.server.environment()) for each in self.databases
        )
        return compare_dumps(first, second)

    def applied(self) -> set[str]:
        """Return the migrations that are recorded in our project."""
        rows = self.server.query(
            "SELECT app, name FROM django_migrations", database=self.databases[1]
        )
        return {f"{app}.{name}" for app, name in rows}


@pytest.mark.parametrize("name", ["wagtail", "oscar"])
def test_safemigrate_gives_the_database_that_migrate_gives(
    name: str, vendor_server: Server, make_database: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    pair = Pair(name, tmp_path, vendor_server, make_database)

    pair.run(("migrate", "--noinput"), ("safemigrate", "--noinput"))
    assert pair.difference() == ""
    applied = pair.applied()

    pair.run(
        ("migrate", "--noinput", *BEFORE_LAST_TWO[name]),
        ("migrate_rollback", "--steps", "2", "--noinput", "--force"),
    )
    assert applied - pair.applied() == LAST_TWO[name]
    assert pair.difference() == ""

    pair.run(("migrate", "--noinput"), ("safemigrate", "--noinput"))
    assert pair.applied() == applied
    assert pair.difference() == ""
    assert_history_has_the_runs(pair)


def assert_history_has_the_runs(pair: Pair) -> None:
    """The three runs succeeded, and `migrate_status` shows each of them."""
    rows = pair.server.query(
        "SELECT kind, status, id FROM django_safe_migrate_migrationrun ORDER BY started_at",
        database=pair.databases[1],
    )
    assert [(kind, status) for kind, status, _ in rows] == [
        ("migrate", "succeeded"),
        ("rollback", "succeeded"),
        ("migrate", "succeeded"),
    ]
    status = succeed(pair.ours, "migrate_status", "--history", "--format", "json")
    shown = set(texts(json.loads(status.stdout)))
    # SQLite has no type for it and keeps the digits alone.
    assert {str(UUID(str(identifier))) for _, _, identifier in rows} <= shown


def texts(document: Any) -> Iterator[str]:
    """Yield every text of a JSON document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from texts(value)


def succeed(project: GeneratedProject, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project; a failure fails the test with everything that it printed."""
    finished = project.manage(*arguments, timeout=TIMEOUT)
    if finished.returncode:
        pytest.fail(
            f"{project.name}: manage.py {' '.join(arguments)} left with status {finished.returncode}.\n"
            f"--- stdout\n{finished.stdout}\n--- stderr\n{finished.stderr}",
            pytrace=False,
        )
    return finished
