"""SQLite databases as files in a temporary folder, behind the interface of a server."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from tests.servers.base import Server, new_database_name


class SQLiteServer(Server):
    """A folder of SQLite files; there is no process to start or kill."""

    name = "sqlite"
    vendor = "sqlite"
    maintenance_database = "maintenance"

    def start(self) -> None:
        """Do nothing: a file needs no server."""

    def stop(self) -> None:
        """Do nothing: a file needs no server."""

    def kill(self) -> None:
        """Do nothing: a file needs no server."""

    @property
    def is_running(self) -> bool:
        return self.folder.exists()

    @property
    def version(self) -> str:
        return sqlite3.sqlite_version

    def path(self, name: str) -> Path:
        """Return the file of the database `name`."""
        return self.folder / f"{name}.sqlite3"

    def database_settings(self, name: str) -> dict[str, Any]:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self.path(name))}

    def create_database(self, name: str | None = None) -> dict[str, Any]:
        entry = self.database_settings(name or new_database_name())
        Path(entry["NAME"]).touch(exist_ok=False)
        return entry

    def drop_database(self, database: str | dict[str, Any]) -> None:
        path = Path(database["NAME"]) if isinstance(database, dict) else self.path(database)
        # Files of the same stem: the journal, the write-ahead log and copies made by a restore.
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink(missing_ok=True)
