"""The disk fills up while a long statement runs: the breaker of the disk cancels it, and the run can be repeated."""

from __future__ import annotations

import threading
import time

import pytest

from tests.projects import Project, migration
from tests.storage_faults.disks import SmallDisk
from tests.storage_faults.shop import Shop, journal_folder, last_error

#: Bytes of the disk below which the breaker opens, and bytes that are left when it has filled up: enough for the statement itself.
BELOW = 16_000_000
LEAVE = 12_000_000
#: Every row is changed once. With PACE it takes minutes, without it no time at all.
STATEMENTS = {
    "sqlite": "WITH RECURSIVE far(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM far WHERE n < {pace} * 10000000) "
    "UPDATE shop_order SET amount = amount + 1 WHERE (SELECT count(*) FROM far) > 0",
    "postgresql": "UPDATE shop_order SET amount = amount + 1 WHERE pg_sleep({pace} * 0.01) IS NOT NULL",
}


def long_statement(vendor: str) -> str:
    """Return a migration of one statement whose duration the environment decides."""
    return migration(
        f"migrations.RunSQL({STATEMENTS[vendor]!r}.format(pace=os.environ.get('PACE', '0'))),",
        dependencies=[("shop", "0001_initial")],
        imports="import os",
    )


class Filling(threading.Thread):
    """Fills a disk as soon as the statement runs."""

    def __init__(self, project: Project, disk: SmallDisk) -> None:
        super().__init__()
        self._project = project
        self._disk = disk
        self._known = self._journals()
        self.has_filled = False

    def _journals(self) -> set[str]:
        return {path.name for path in journal_folder(self._project).glob("*.jsonl")}

    def _is_under_way(self) -> bool:
        folder = journal_folder(self._project)
        return any(
            '"operation_started"' in (folder / name).read_text()
            for name in self._journals() - self._known
        )

    def run(self) -> None:
        deadline = time.monotonic() + 120
        while not self._is_under_way():
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)
        self._disk.fill(leave=LEAVE)
        self.has_filled = True


@pytest.fixture
def shop(placed: Project, disk: SmallDisk) -> Shop:
    """A shop with a breaker for the disk of its database."""
    shop = Shop(placed, pending=long_statement(placed.server.vendor), rows=1000)
    breaker = {"BELOW": BELOW, "PATH": str(disk.folder), "EVERY": "100ms"}
    shop.prepare(BACKUP={"WHEN": "never"}, BREAKERS={"DISK_FREE": breaker})
    return shop


@pytest.mark.vendors("sqlite", "postgresql")
def test_the_breaker_of_the_disk_cancels_the_statement(shop: Shop, disk: SmallDisk) -> None:
    before = shop.snapshot()
    filling = Filling(shop.project, disk)
    filling.start()
    result = shop.run(env={"PACE": "1000"})
    filling.join()
    assert filling.has_filled
    assert result.returncode == 7, result.stdout + result.stderr
    told = last_error(result)
    assert told.startswith("Stopped by breaker DISK_FREE: "), told
    assert f"are free on the disk of {disk.folder}, less than 16.0 MB." in told
    assert "Applying shop.0002_heavy was stopped in operation 1 (" in told
    assert "The database was not changed: shop.0002_heavy left nothing behind." in told
    assert result.stderr.count("Stopped by breaker") == 1, result.stderr
    assert before.difference(shop.snapshot()) == []
    assert shop.is_pending()
    disk.make_room()
    result = shop.run()
    assert result.returncode == 0, result.stdout + result.stderr
    changed = [{**row, "amount": row["amount"] + 1} for row in before.tables["shop_order"].rows]
    after = shop.snapshot().tables["shop_order"].rows
    assert sorted(after, key=repr) == sorted(changed, key=repr)
    shop.check_undisturbed()
    shop.project.manage("migrate_status", "--check")
