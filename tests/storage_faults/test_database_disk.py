"""The disk of the database is full in the middle of a table's rewrite: it is as it was, and the run can be repeated."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.databases.conftest import eventually
from tests.projects import Project
from tests.servers import Server
from tests.storage_faults.disks import SmallDisk, small_disk
from tests.storage_faults.places import give
from tests.storage_faults.shop import INDEX, Shop, last_error

#: What the servers say.
FULL = {
    "sqlite": "database or disk is full",
    "postgresql": "No space left on device",
    "mysql": "(1114) The table 'shop_order' is full",
}
MakeProject = Callable[..., Project]


@pytest.fixture
def shop(placed: Project) -> Shop:
    """A shop whose database, and nothing else, is on the small disk."""
    shop = Shop(placed)
    shop.prepare(BACKUP={"WHEN": "never"})
    return shop


def test_a_disk_that_fills_up_while_a_table_is_written_anew(shop: Shop, disk: SmallDisk) -> None:
    check_full(shop, disk)


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_disk_that_fills_up_while_an_index_is_built(shop: Shop, disk: SmallDisk) -> None:
    shop.pending = INDEX
    shop.add_pending()
    check_full(shop, disk)


def check_full(shop: Shop, disk: SmallDisk) -> None:
    """Fill the disk in the middle: nothing is left behind, and with room again the same run goes through."""
    before = shop.snapshot()
    result = shop.run(env={"FILL_AFTER_BACKUP": str(disk.folder), "LEAVE": "500000"})
    assert result.returncode == 7, result.stdout + result.stderr
    assert FULL[shop.project.server.vendor] in last_error(result)
    assert "The database was not changed: shop.0002_heavy left nothing behind." in last_error(
        result
    )
    assert "(after making room on the disk of the database)" in last_error(result)
    assert before.difference(shop.snapshot()) == []
    disk.make_room()
    shop.check_finishes(before)
    shop.check_undisturbed()


@pytest.fixture
def whole_server(make_server: Callable[..., Server]) -> Iterator[tuple[Any, SmallDisk]]:
    """A PostgreSQL server with all that it has, its write-ahead log too, on a small disk."""
    server: Any = make_server("postgresql")
    server.stop()
    with small_disk(server.folder / "small", "200m") as disk:
        shutil.move(server.data, disk.folder / "data")
        for entry in (disk.folder / "data", *(disk.folder / "data").rglob("*")):
            give(entry, server)
        server.data.symlink_to(disk.folder / "data")
        server.start()
        yield server, disk
        server.stop()


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_server_that_goes_down_for_want_of_room(
    whole_server: tuple[Any, SmallDisk], make_project: MakeProject
) -> None:
    """PostgreSQL without room for its write-ahead log ends itself, and starts again only when there is some."""
    server, disk = whole_server
    shop = Shop(make_project(server))
    shop.prepare(BACKUP={"WHEN": "never"})
    before = shop.snapshot()
    # Room for the new table, and not for another file of the log, which takes 16 MB.
    result = shop.run(env={"FILL_AFTER_BACKUP": str(disk.folder), "LEAVE": "9500000"})
    assert result.returncode == 7, result.stdout + result.stderr
    assert FULL["postgresql"] in last_error(result)
    assert "shop.0002_heavy left nothing behind." in last_error(result)
    assert "(after making room on the disk of the database)" in last_error(result)
    assert eventually(lambda: not server.is_running)
    disk.make_room()
    server.start()
    assert before.difference(shop.snapshot()) == []
    shop.check_finishes(before)
