"""Scratch databases that killed processes left: found, dropped, and never those of a living one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from django_safe_migrate.backups import names
from tests.projects import Project, migration
from tests.rehearsal.conftest import scratch_left

pytestmark = pytest.mark.slow


def name_of_a_dead_process() -> str:
    """A name as a process gave it that is gone now."""
    code = "from django_safe_migrate.backups import names; print(names.scratch_name())"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def files_of(project: Project, name: str) -> list[Path]:
    folder = Path(project.databases["default"]["NAME"]).parent
    return [folder / f"{name}.sqlite3", folder / f"{name}.sqlite3-journal"]


def make(project: Project, name: str) -> None:
    """A scratch database, or a file, of this name."""
    if project.server.name == "sqlite":
        for file in files_of(project, name):
            file.write_bytes(b"")
    else:
        project.sql(f"CREATE DATABASE {name}")


def drop(project: Project, name: str) -> None:
    if project.server.name == "sqlite":
        for file in files_of(project, name):
            file.unlink()
    else:
        project.sql(f"DROP DATABASE {name}")


@pytest.fixture
def shop(project: Project) -> Project:
    operations = "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True))]),"
    project.write_app("shop", migrations={"0001_initial": migration(operations)})
    project.manage("safemigrate", "--noinput", "--backup", "never", "-v", "0")
    return project


def test_what_a_dead_process_left_is_shown_and_dropped(shop: Project) -> None:
    dead, living = name_of_a_dead_process(), names.scratch_name()
    assert f"_{os.getpid()}_" in living
    make(shop, dead)
    make(shop, living)
    try:
        shown = shop.manage("migrate_repair", "--dry-run").stdout
        assert dead in shown
        assert (
            "A killed restore, proof or rehearsal left it; the process that made it is gone."
            in shown
        )
        assert living not in shown
        assert any(dead in one for one in scratch_left(shop))
        shop.manage("migrate_repair", "--scratch", "--noinput")
        assert {one.partition(".")[0] for one in scratch_left(shop)} == {living}
        assert dead not in shop.manage("migrate_repair", "--dry-run").stdout
    finally:
        drop(shop, living)


def test_a_run_that_makes_a_backup_drops_it(shop: Project) -> None:
    dead = name_of_a_dead_process()
    make(shop, dead)
    operations = "migrations.AddField('item', 'note', models.TextField(null=True)),"
    shop.write_app(
        "shop",
        migrations={"0002_note": migration(operations, dependencies=[("shop", "0001_initial")])},
    )
    result = shop.manage("safemigrate", "--noinput", "--backup", "always")
    assert f"{dead}" in result.stdout
    assert "which a killed process had left, was dropped." in result.stdout
    assert scratch_left(shop) == []
