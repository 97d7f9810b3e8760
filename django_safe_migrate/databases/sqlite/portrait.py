"""Portraits of a SQLite database, from its pragmas and the texts that it keeps."""

from __future__ import annotations

import hashlib
import re

from django_safe_migrate.databases.portraits import Content, Painter

_COLUMNS = """
    SELECT t.name || '.' || c.name, c.type || CASE c."notnull" WHEN 1 THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || c.dflt_value, '')
           || CASE c.pk WHEN 0 THEN '' ELSE ' PRIMARY KEY' END || CASE c.hidden WHEN 0 THEN '' ELSE ' GENERATED' END
    FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type IN ('table', 'view')
"""
_KEYS = """
    SELECT t.name || ' foreign key ' || f."from", f."table" || '.' || coalesce(f."to", '') || ' ' || f.on_delete || ' ' || f.on_update
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
"""
_UNIQUE = """
    SELECT t.name || ' unique ' || (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)), i.origin
    FROM sqlite_master t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin <> 'c'
"""
_TEXTS = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
#: What Django writes of a constraint within CREATE TABLE; its expression is compared with the rest of the text.
_CHECK = re.compile(
    r"(?:CONSTRAINT\s+(\"[^\"]+\"|\w+)\s+)?CHECK\s*(\(.*?\))(?=\s*(?:,|\)|CONSTRAINT|$))", re.I
)
#: Rows taken out of the file at once.
_ROWS = 2000


class SQLitePainter(Painter):
    """Reads each table once; the checksum is computed here, for SQLite has no function for one."""

    def schema(self) -> dict[str, str]:
        parts = [self.database.ask(sql) for sql in (_COLUMNS, _KEYS, _UNIQUE)]
        found = {str(name): str(words) for part in parts for name, words in part}
        for kind, name, table, sql in self.database.ask(_TEXTS):
            text = " ".join(str(sql).split())
            if kind == "table":
                checks = sorted(f"{one[1]} {one[2]}" for one in _CHECK.finditer(text))
                found[f"table {name}"] = "; ".join(checks)
            else:
                found[f"{table} {kind} {name}" if kind != "view" else f"view {name}"] = text
        return found

    def _content(self, table: str, columns: list[str]) -> Content:
        (name,) = self.quoted([table])
        rows, checksum = 0, 0
        with self.database.connection.cursor() as cursor:
            # As the literals that SQL would write, so that no converter of Django's stumbles over what is stored.
            values = ", ".join(f"quote({column})" for column in self.quoted(columns))
            cursor.execute(f"SELECT {values} FROM {name}")  # noqa: S608 - quoted
            while found := cursor.fetchmany(_ROWS):
                rows += len(found)
                for row in found:
                    digest = hashlib.blake2b(repr(row).encode("utf-8", "replace"), digest_size=8)
                    checksum += int.from_bytes(digest.digest(), "big")
        return Content(rows, checksum)
