"""
What operations do on MariaDB and MySQL, seen in the session's counters and in InnoDB's list of tables.

InnoDB gives a table that is copied or rebuilt another number; a change that is ``INSTANT`` or done in place keeps it. The server's own
copying (``ALGORITHM=COPY``) reads every row through ``Handler_read_rnd_next``, a rebuild by InnoDB reads none that way.
https://mariadb.com/kb/en/information-schema-innodb_sys_tables-table/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.databases.meters import Measured, Meter

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

_READ = "SHOW SESSION STATUS LIKE 'Handler\\_read\\_rnd\\_next'"
#: MariaDB's name of the list, and MySQL's.
_LISTS = ("INNODB_SYS_TABLES", "INNODB_TABLES")
_LOCKS_UNSEEN = "Locks are not seen: each statement commits, and its metadata lock ends with it."
_TABLES_UNSEEN = "Whether tables were copied is not seen: this role may not read InnoDB's list of tables (PROCESS)."


class MySQLMeter(Meter):
    """Measures in the session that carries the operations out."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._list = self._readable_list()
        self._existing: set[str] = set()
        self._tables: dict[str, int] = {}
        self._read = 0
        # Asking is counted, too.
        first = self._rows_read()
        self._cost_of_asking = self._rows_read() - first

    def database_name(self) -> str:
        return str(self.database.ask("SELECT DATABASE()")[0][0])

    def begin_step(self) -> None:
        self._existing = set(self._numbers())

    def begin(self) -> None:
        self._tables = self._numbers()
        self._read = self._rows_read()

    def end(self) -> Measured:
        read = max(0, self._rows_read() - self._read - self._cost_of_asking)
        now = self._numbers()
        copied = sorted(
            table
            for table, number in now.items()
            if table in self._existing and self._tables.get(table, number) != number
        )
        how = "COPY" if read else "rebuilt in place"
        unseen = (_LOCKS_UNSEEN,) if self._list else (_LOCKS_UNSEEN, _TABLES_UNSEEN)
        return Measured(
            rewrites=tuple(copied),
            algorithms=tuple(f"{table}: {how}" for table in copied),
            rows_read=read,
            unseen=unseen,
        )

    def _rows_read(self) -> int:
        rows = self.database.ask(_READ)
        return int(rows[0][1]) if rows else 0

    def _readable_list(self) -> str:
        for name in _LISTS:
            # The other product's is not known here; and it may not be permitted.
            sql = f"SELECT 1 FROM information_schema.{name} LIMIT 1"  # noqa: S608 - a constant
            if self.database.ask_if_permitted(sql) is not None:
                return name
        return ""

    def _numbers(self) -> dict[str, int]:
        if not self._list:
            return {}
        rows = self.database.ask(
            f"SELECT SUBSTRING_INDEX(name, '/', -1), table_id FROM information_schema.{self._list} "  # noqa: S608 - a constant
            "WHERE name LIKE CONCAT(DATABASE(), '/%')"
        )
        return {str(name): int(number) for name, number in rows}
