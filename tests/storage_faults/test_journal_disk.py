"""The journal is the memory of a run, not a part of it: without room for it the run goes on, and says so once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.projects import Project
from tests.storage_faults.disks import small_disk
from tests.storage_faults.shop import Shop, journal_folder, last_error

NO_BACKUP = {"BACKUP": {"WHEN": "never"}}


@pytest.fixture
def shop(project: Project) -> Shop:
    shop = Shop(project, rows=10)
    shop.prepare(**NO_BACKUP)
    return shop


@pytest.mark.vendors("sqlite")
def test_a_journal_whose_disk_fills_up_is_told_once_and_stops_nothing(shop: Shop) -> None:
    with small_disk(journal_folder(shop.project), "1m") as disk:
        result = shop.run(env={"FILL_AFTER_PREFLIGHT": str(disk.folder)})
        assert result.returncode == 0, result.stdout + result.stderr
        [warning] = [line for line in result.stderr.splitlines() if "could not be written" in line]
        assert str(disk.folder) in warning
        assert "No space left on device" in warning
        assert f"The journal {disk.folder}" in result.stdout
        disk.make_room()
        shop.project.manage("migrate_status", "--check")


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("fault", ["fill", "make_read_only"])
def test_a_folder_without_room_is_replaced_by_the_temporary_directory(
    shop: Shop, tmp_path: Path, fault: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with small_disk(journal_folder(shop.project), "1m") as disk:
        getattr(disk, fault)()
        result = shop.run(env={"TMPDIR": str(temporary)})
        assert result.returncode == 0, result.stdout + result.stderr
        assert f"The folder of journals {disk.folder} cannot be written" in result.stdout
        assert len(list(temporary.rglob("*.jsonl"))) == 1
        assert not list(disk.folder.glob("*.jsonl"))
        shop.project.manage("migrate_status", "--check", env={"TMPDIR": str(temporary)})


@pytest.mark.vendors("sqlite")
def test_without_any_place_for_a_journal_nothing_is_begun(shop: Shop, tmp_path: Path) -> None:
    before = shop.snapshot()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with small_disk(journal_folder(shop.project), "1m") as disk:
        disk.make_read_only()
        # A folder that somebody else can write is not taken.
        (temporary / fallback_name(disk.folder)).mkdir(mode=0o777)
        (temporary / fallback_name(disk.folder)).chmod(0o777)
        result = shop.run(env={"TMPDIR": str(temporary)})
        assert result.returncode == 1, result.stdout + result.stderr
        assert f"The journal can be kept neither in {disk.folder} (Read-only file system)" in (
            last_error(result)
        )
        assert "The database was not changed." in last_error(result)
        assert before.difference(shop.snapshot()) == []
    shop.check_finishes(before)


def fallback_name(folder: Path) -> str:
    """Return the name that the package gives to the folder below the temporary directory."""
    return f"safe-migrate-{os.getuid()}-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
