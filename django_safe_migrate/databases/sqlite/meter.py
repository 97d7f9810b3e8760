"""
What operations do on SQLite, whose schema says on which page of the file each table begins.

A table that Django remakes begins on another page than before (https://www.sqlite.org/schematab.html, ``rootpage``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.databases.meters import HeldLock, Measured, Meter

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

_PAGES = "SELECT type, name, tbl_name, rootpage FROM sqlite_master WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

#: What a transaction that writes holds (https://www.sqlite.org/lockingv3.html).
_LOCK = HeldLock("", "RESERVED", "writes")


class SQLiteMeter(Meter):
    """SQLite has one lock, on the whole file; it counts no rows that it reads."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._existing: set[str] = set()
        self._before: dict[tuple[str, str], tuple[str, int]] = {}
        self._writes: tuple[int, int] = (0, 0)

    def database_name(self) -> str:
        rows = self.database.ask("SELECT file FROM pragma_database_list WHERE name = 'main'")
        return str(rows[0][0])

    def begin_step(self) -> None:
        self._existing = {name for kind, name in self._pages() if kind == "table"}

    def locks(self) -> tuple[HeldLock, ...]:
        return (_LOCK,) if self.database.connection.in_atomic_block else ()

    def begin(self) -> None:
        self._before, self._writes = self._pages(), self._written()

    def end(self) -> Measured:
        before, after = self._before, self._pages()
        rewrites = [
            name
            for (kind, name), (_, page) in after.items()
            if kind == "table"
            and name in self._existing
            and before.get((kind, name), ("", page))[1] != page
        ]
        built = [
            f"{table}.{name}"
            for (kind, name), (table, page) in after.items()
            if kind == "index"
            and table in self._existing
            and before.get((kind, name), ("", 0))[1] != page
        ]
        has_written = self._writes != self._written()
        return Measured(
            locks=(_LOCK,) if has_written else (),
            rewrites=tuple(sorted(rewrites)),
            indexes_built=tuple(sorted(built)),
            unseen=("SQLite does not count the rows that it reads.",),
        )

    def _written(self) -> tuple[int, int]:
        """Counters that grow with every change of the schema, and of a row."""
        schema = self.database.ask("PRAGMA schema_version")
        return int(schema[0][0]), int(self.database.ask("SELECT total_changes()")[0][0])

    def _pages(self) -> dict[tuple[str, str], tuple[str, int]]:
        return {
            (str(kind), str(name)): (str(table), int(page or 0))
            for kind, name, table, page in self.database.ask(_PAGES)
        }
