"""No migration file is lost, wherever the writing of its successors breaks off."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.db import models
from django.db.migrations import Migration, operations

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.safer.arranging import Arranged
from django_safe_migrate.safer.files import put_in_place

OLD = "# as makemigrations wrote it\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The migrations folder of an installed app with one migration."""
    migrations = tmp_path / "filed" / "migrations"
    migrations.mkdir(parents=True)
    (tmp_path / "filed" / "__init__.py").touch()
    (migrations / "__init__.py").touch()
    (migrations / "0001_all.py").write_text(OLD)
    monkeypatch.syspath_prepend(tmp_path)
    config = AppConfig.create("filed")
    config.apps, config.models = apps, {}
    monkeypatch.setitem(apps.app_configs, "filed", config)
    yield migrations
    for name in [name for name in sys.modules if name.partition(".")[0] == "filed"]:
        del sys.modules[name]


def made(name: str) -> Migration:
    operation = operations.AddField("Thing", "size", models.IntegerField(null=True))
    kind = type("Migration", (Migration,), {"operations": [operation], "atomic": False})
    migration: Migration = kind(name, "filed")
    return migration


def arranged() -> Arranged:
    return Arranged((made("0001_first"), made("0002_second")), (made("0001_all"),), ())


def files(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text()
        for path in folder.iterdir()
        if path.is_file() and path.name != "__init__.py"
    }


def test_new_files_take_the_place_of_the_old_one(folder):
    paths = put_in_place(arranged(), include_header=False)
    assert [path.name for path in paths] == ["0001_first.py", "0002_second.py"]
    assert sorted(files(folder)) == ["0001_first.py", "0002_second.py"]
    assert "    atomic = False\n" in (folder / "0001_first.py").read_text()


def test_file_that_is_there_already(folder):
    (folder / "0002_second.py").write_text("# somebody's\n")
    with pytest.raises(SafeMigrateError, match=r"0002_second\.py exists already"):
        put_in_place(arranged(), include_header=False)
    assert files(folder) == {"0001_all.py": OLD, "0002_second.py": "# somebody's\n"}


def test_temporary_name_that_is_taken(folder):
    (folder / ".0002_second.py.new").write_text("# somebody's\n")
    with pytest.raises(SafeMigrateError, match=r"\.0002_second\.py\.new exists already"):
        put_in_place(arranged(), include_header=False)
    assert files(folder) == {"0001_all.py": OLD, ".0002_second.py.new": "# somebody's\n"}


@pytest.mark.parametrize(("step", "count"), [("replace", 1), ("replace", 2), ("unlink", 1)])
def test_interrupted_between_two_files(folder, monkeypatch, step, count):
    original, calls = getattr(Path, step), []

    def interrupted(self: Path, *args: object) -> object:
        calls.append(self)
        if len(calls) == count:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Path, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        put_in_place(arranged(), include_header=False)
    assert files(folder) == {"0001_all.py": OLD}
