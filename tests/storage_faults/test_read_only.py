"""A database that takes no writes is noticed before anything is begun."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.projects import Project
from tests.servers import Server
from tests.storage_faults.disks import small_disk
from tests.storage_faults.shop import Shop, last_error


def refuse(shop: Shop, *codes: int) -> str:
    """Run while writes are refused; return what was said."""
    before = shop.snapshot()
    result = shop.run()
    assert result.returncode in codes, result.stdout + result.stderr
    assert "The database was not changed" in last_error(result), result.stdout + result.stderr
    assert before.difference(shop.snapshot()) == []
    return result.stdout + result.stderr


def prepared(project: Project) -> Shop:
    shop = Shop(project, rows=10)
    shop.prepare(BACKUP={"WHEN": "never"})
    return shop


@pytest.mark.vendors("sqlite")
def test_a_read_only_disk_of_sqlite(project: Project, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        project.databases["default"]["NAME"] = str(disk.folder / "shop.sqlite3")
        project.write_settings()
        shop = prepared(project)
        before = shop.snapshot()
        disk.make_read_only()
        assert "Read-only file system" in refuse(shop, 3, 6)
        disk.make_writable()
        shop.check_finishes(before)


@pytest.mark.vendors("sqlite")
def test_a_read_only_connection_of_sqlite(project: Project) -> None:
    shop = prepared(project)
    before = shop.snapshot()
    name = project.databases["default"]["NAME"]
    options = {"NAME": f"file:{name}?mode=ro", "OPTIONS": {"uri": True}}
    project.databases["default"].update(options)
    project.write_settings()
    assert "missing_permission" in refuse(shop, 3)
    project.databases["default"].update(NAME=name, OPTIONS={})
    project.write_settings()
    shop.check_finishes(before)


@contextlib.contextmanager
def _read_only_postgresql(project: Project) -> Iterator[None]:
    """New sessions of this database refuse to write, as a provider has it that moves it to another machine."""
    change = f'ALTER DATABASE "{project.databases["default"]["NAME"]}"'
    project.server.query(f"{change} SET default_transaction_read_only = on")
    try:
        yield
    finally:
        project.server.query(f"{change} RESET default_transaction_read_only")


@contextlib.contextmanager
def _read_only_mariadb(project: Project) -> Iterator[None]:
    """The whole server refuses to write for everybody who may not go over that."""
    project.server.query("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        project.server.query("SET GLOBAL read_only = 0")


def _as_ordinary_user(project: Project) -> None:
    """Connect as a user who may do everything in this database, and nothing with the server."""
    entry = project.databases["default"]
    user = f"'{entry['NAME']}'@'127.0.0.1'"
    project.server.query(f"CREATE USER {user} IDENTIFIED BY 'its own'")
    project.server.query(f"GRANT ALL PRIVILEGES ON `{entry['NAME']}`.* TO {user}")
    entry.update(USER=entry["NAME"], PASSWORD="its own")  # noqa: S106
    project.write_settings()


READ_ONLY: dict[str, Callable[[Project], contextlib.AbstractContextManager[None]]] = {
    "postgresql": _read_only_postgresql,
    "mysql": _read_only_mariadb,
}
#: What is told of it.
REFUSED = {
    "postgresql": "may not write: transactions of role safe_migrate are read-only (default_transaction_read_only); migrations need that.",
    "mysql": "may not write: the server is read-only (read_only), as a replica is; migrations need that.",
}


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_read_only_server(project: Project, vendor_server: Server) -> None:
    if vendor_server.vendor == "mysql":
        _as_ordinary_user(project)
    shop = prepared(project)
    before = shop.snapshot()
    with READ_ONLY[vendor_server.vendor](project):
        said = refuse(shop, 3)
        assert said.count("[missing_permission]") == 1, said
        assert REFUSED[vendor_server.vendor] in " ".join(said.split())
        assert shop.is_pending()
    shop.check_finishes(before)
