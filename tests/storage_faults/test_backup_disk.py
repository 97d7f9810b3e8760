"""The disk for backups is full in the middle of one, or read-only: nothing was touched, and nothing of the backup is left."""

from __future__ import annotations

import re

import pytest

from tests.projects import Project
from tests.storage_faults.disks import small_disk
from tests.storage_faults.shop import Shop, last_error

MISSING = re.compile(
    r"There is no room in (?P<folder>\S+) for the backup \(.+\): (?P<written>\d+) bytes of it were written, "
    r"and (?:at most )?(?P<missing>\d+) are missing\."
)

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(project: Project) -> Shop:
    shop = Shop(project)
    shop.prepare()
    return shop


def test_a_disk_that_fills_up_in_the_middle_of_a_backup(shop: Shop) -> None:
    with small_disk(shop.project.folder / "backups", "24m") as disk:
        before = shop.snapshot()
        result = shop.run(env={"FILL_AFTER_PREFLIGHT": str(disk.folder), "LEAVE": "1000000"})
        assert result.returncode == 4, result.stdout + result.stderr
        told = MISSING.search(last_error(result))
        assert told is not None, result.stderr
        assert told["folder"] == str(disk.folder)
        assert int(told["missing"]) > 1_000_000
        assert "The database was not changed." in last_error(result)
        assert disk.names() == set()
        assert before.difference(shop.snapshot()) == []
        disk.make_room()
        shop.check_finishes(before)
        assert disk.names() != set()


def test_a_disk_that_was_too_small_from_the_beginning(shop: Shop) -> None:
    with small_disk(shop.project.folder / "backups", "2m") as disk:
        before = shop.snapshot()
        result = shop.run()
        assert result.returncode == 4, result.stdout + result.stderr
        assert str(disk.folder) in last_error(result)
        assert "The database was not changed." in last_error(result)
        assert disk.names() == set()
        assert before.difference(shop.snapshot()) == []
        shop.check_finishes(before, "--backup", "never")


def test_a_read_only_disk_is_noticed_before_anything_happens(shop: Shop) -> None:
    with small_disk(shop.project.folder / "backups", "24m") as disk:
        before = shop.snapshot()
        disk.make_read_only()
        result = shop.run()
        assert result.returncode == 4, result.stdout + result.stderr
        assert "Read-only file system" in last_error(result)
        assert str(disk.folder) in last_error(result)
        assert before.difference(shop.snapshot()) == []
        disk.make_writable()
        shop.check_finishes(before)
