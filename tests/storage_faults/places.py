"""Putting the database of a project, and nothing else of its server, on a small disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.projects import Project
from tests.storage_faults.disks import SmallDisk


def put_there(project: Project, disk: SmallDisk) -> None:
    """Move the database, which is still empty, to the disk."""
    _PLACES[project.server.vendor](project, disk)


def take_away(project: Project) -> None:
    """Drop the database before the disk is taken away."""
    server, entry = project.server, project.databases["default"]
    server.drop_database(entry)
    if server.vendor == "postgresql":
        server.query(f"DROP TABLESPACE small_{entry['NAME']}")


def give(path: Path, server: Any) -> None:
    """Give a file or a folder to the account of a server."""
    if server.account is not None:
        shutil.chown(path, server.account)


def _sqlite(project: Project, disk: SmallDisk) -> None:
    project.databases["default"]["NAME"] = str(disk.folder / "shop.sqlite3")
    project.write_settings()


def _postgresql(project: Project, disk: SmallDisk) -> None:
    name = project.databases["default"]["NAME"]
    folder = disk.folder / "tablespace"
    folder.mkdir()
    give(folder, project.server)
    project.server.query(f"CREATE TABLESPACE small_{name} LOCATION '{folder}'")
    project.server.query(f'ALTER DATABASE "{name}" SET TABLESPACE small_{name}')


def _mariadb(project: Project, disk: SmallDisk) -> None:
    """Move the folder of the database, with every table in it; the server follows a link there."""
    server: Any = project.server
    folder = server.data / project.databases["default"]["NAME"]
    moved = Path(shutil.move(folder, disk.folder / "database"))
    give(moved, server)
    folder.symlink_to(moved)


_PLACES = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mariadb}
