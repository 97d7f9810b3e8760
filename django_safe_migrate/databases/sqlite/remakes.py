"""
Tables that Django's schema editor was making anew when it was broken off.

Outside of a transaction ``DatabaseSchemaEditor._remake_table`` of Django's SQLite backend commits four statements one by one: create
``new__x``, copy all rows to it, drop ``x``, rename ``new__x`` to ``x``. Killed after the first or the second, both are there; after the
third, the rows are only in ``new__x``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.apps import apps

from django_safe_migrate.databases.broken_off import BrokenOff, Tables

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

PREFIX = "new__"
#: ``PRAGMA integrity_check`` takes a table since 3.33 (https://www.sqlite.org/pragma.html#pragma_integrity_check).
CHECKS_ONE_TABLE = (3, 33)
OBJECTS = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') AND sql IS NOT NULL ORDER BY type DESC, name"
REFERENCES = """
    SELECT t.name, f."from", f."to" FROM sqlite_master t, pragma_foreign_key_list(t.name) f
    WHERE t.type = 'table' AND f."table" = %s COLLATE NOCASE ORDER BY t.name, f.id
"""
COLUMNS = "SELECT name FROM pragma_table_info(%s)"
PRIMARY_KEY = "SELECT name FROM pragma_table_info(%s) WHERE pk > 0 ORDER BY pk"


def broken_off_remakes(database: Database, tables: Tables) -> Iterator[BrokenOff]:
    """Yield the tables that were made anew and not to the end."""
    present = {name.casefold(): name for name in database.tables()}
    copies = [name for folded, name in present.items() if folded.startswith(PREFIX)]
    if not copies:
        return
    models = apps.get_models(include_auto_created=True)
    made = {name.casefold(): name for name in (*(m._meta.db_table for m in models), *tables())}
    for copy in copies:
        original = copy[len(PREFIX) :]
        if copy.casefold() in made:
            continue
        if original.casefold() in present:
            yield _Remake(database, present[original.casefold()], copy).beside_original()
        elif original.casefold() in made:
            yield _Remake(database, made[original.casefold()], copy).alone()


class _Remake:
    """One of them: ``table`` under the name that it has in the end, and ``copy``."""

    def __init__(self, database: Database, table: str, copy: str) -> None:
        self._database = database
        self._quote = database.connection.ops.quote_name
        self.table, self.copy = table, copy

    def beside_original(self) -> BrokenOff:
        """The original is there: the copy can go when nothing is in it that the original lacks."""
        rows, original = self._database.count_rows(self.copy), self._database.count_rows(self.table)
        found = (
            f"Tables {self.table} ({_rows(original)}) and {self.copy} ({_rows(rows)}) are both there: "
            f"{self.table} was being made anew, outside of a transaction, and that was broken off."
        )
        if reason := self._only_in_copy(rows, original):
            return BrokenOff(
                table=self.table,
                found=found,
                remedy=f"Nothing by itself: {reason}. {self._advice(original)}",
            )
        return BrokenOff(
            table=self.table,
            found=found,
            remedy=f"Drop {self.copy}: {self.table} is whole, and has every row that is in it.",
            statements=(f"DROP TABLE {self._quote(self.copy)}",),
        )

    def _advice(self, original: int) -> str:
        if original == 0:
            return f"{self.table} is empty: drop it, if it was made since then; {self.copy} is then renamed to it."
        return f"Look at both, and drop {self.copy} when nothing in it is needed."

    def alone(self) -> BrokenOff:
        """The original was dropped: it is only once the copy has all rows that Django does that."""
        rows = self._database.count_rows(self.copy)
        found = (
            f"Table {self.table} is missing, and {self.copy} ({_rows(rows)}) is there: "
            f"{self.table} was being made anew, outside of a transaction, and that was broken off before the last step."
        )
        if reason := self._damage():
            return BrokenOff(
                table=self.table,
                found=found,
                remedy=f"Nothing by itself: {reason}. Return to a backup, or look at {self.copy}.",
            )
        return BrokenOff(
            table=self.table,
            found=found,
            remedy=f"Rename {self.copy} to {self.table}, with {_rows(rows)}: it can be read in full, and no other table has a reference "
            "to a row that it lacks. Its indexes come back with --schema.",
            statements=tuple(self._renaming()),
        )

    # --- proofs -------------------------------------------------------------------------------------------------------------

    def _only_in_copy(self, rows: int, original: int) -> str:
        """Say what only the copy has; empty when that is nothing."""
        key = self._key(self.table)
        if not key or key != self._key(self.copy):
            if rows > original:
                return f"{self.copy} has more rows than {self.table}"
            return ""
        same = " AND ".join(f"o.{self._quote(one)} IS c.{self._quote(one)}" for one in key)
        ((more,),) = self._database.ask(
            f"SELECT COUNT(*) FROM {self._quote(self.copy)} c WHERE NOT EXISTS "  # noqa: S608 - quoted
            f"(SELECT 1 FROM {self._quote(self.table)} o WHERE {same})"
        )
        return f"{_rows(more)} of {self.copy} are not in {self.table}" if more else ""

    def _damage(self) -> str:
        """Say why the copy may not have every row of the original; empty when nothing speaks for it."""
        if self._database.version >= CHECKS_ONE_TABLE:
            told = self._database.ask(f"PRAGMA integrity_check({self._quote(self.copy)})")
            if told != [("ok",)]:
                return f"SQLite finds {self.copy} damaged: {told[0][0]}"
        for child, column, referenced in self._database.ask(REFERENCES, [self.table]):
            lost = self._lost(child, column, referenced)
            if lost:
                return f"{_rows(lost)} of {child} reference rows that {self.copy} does not have"
        return ""

    def _lost(self, child: str, column: str, referenced: str | None) -> int:
        """How many rows reference one that is not in the copy; none where the column has another name there."""
        names = {name.casefold() for (name,) in self._database.ask(COLUMNS, [self.copy])}
        target = referenced or next(iter(self._key(self.copy)), "rowid")
        if target.casefold() not in {*names, "rowid"}:
            return 0
        quote = self._quote
        ((count,),) = self._database.ask(
            f"SELECT COUNT(*) FROM {quote(child)} c WHERE c.{quote(column)} IS NOT NULL AND NOT EXISTS "  # noqa: S608 - quoted
            f"(SELECT 1 FROM {quote(self.copy)} p WHERE p.{quote(target)} = c.{quote(column)})"
        )
        return int(count)

    def _key(self, table: str) -> tuple[str, ...]:
        return tuple(name.casefold() for (name,) in self._database.ask(PRIMARY_KEY, [table]))

    # --- the way to the end -------------------------------------------------------------------------------------------------

    def _renaming(self) -> Iterator[str]:
        """SQLite renames no table while a view or a trigger names one that is missing; these are made again."""
        named = re.compile(rf"(?<!\w){re.escape(self.table)}(?!\w)", re.IGNORECASE)
        broken = [row for row in self._database.ask(OBJECTS) if named.search(row[2])]
        for kind, name, _ in broken:
            yield f"DROP {kind.upper()} {self._quote(name)}"
        yield f"ALTER TABLE {self._quote(self.copy)} RENAME TO {self._quote(self.table)}"
        for _, _, sql in reversed(broken):
            yield sql


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
