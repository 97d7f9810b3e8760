"""
MariaDB, as measured on version 10.11 with rows in the tables; nothing of it changed since 10.5.

From 11.2 on a copy lets others write to the table, as its manual says ("Online Schema Change"); that is not measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.databases.mysql.facts.book import InnoDBFactBook
from django_safe_migrate.databases.mysql.facts.cost import (
    COPY,
    INSTANT,
    REBUILD,
    REBUILD_SHARED,
    RESHAPE,
    Algorithm,
    Cost,
    Lock,
    Metadata,
    together,
)
from django_safe_migrate.databases.statements import Action, AddColumn, AddConstraint, Default

#: From here on a copy is online.
ONLINE_COPY = (11, 2)


class MariaDBFactBook(InnoDBFactBook):
    """MariaDB 10.5 and later."""

    product = "MariaDB"
    name = "mariadb"
    for_indexes = Algorithm.NOCOPY
    for_names = Algorithm.INSTANT

    def reshape(
        self, table: str, *, adds: bool = False, drops: bool = False, last: bool = True
    ) -> Cost:
        """Rows keep their shape, and the server notes the new one; not in compressed tables and those with a full-text index."""
        storage = self.storage(table)
        if not last and "virtual" in storage.generated:
            return COPY
        if self.has_fulltext(table):
            return REBUILD_SHARED
        return REBUILD if storage.row_format == "compressed" else RESHAPE

    def filled_by(self, default: Default) -> Cost:
        """One value for all rows is noted once; ``rand()`` is such a one too for this server, but cannot be told from ``uuid()`` here."""
        return COPY if default is Default.VOLATILE else INSTANT

    def referenced(self, table: str) -> TableLock:
        """Measured: others read the referenced table while the rows are copied, and wait to write."""
        return TableLock(table, "SHARED", Blocking.WRITES, Metadata.SHARED_NO_WRITE)

    def not_null(self, table: str) -> Cost:
        return COPY if "stored" in self.storage(table).generated else REBUILD

    def checked_column(self) -> Cost:
        """The rows that exist are not checked at all."""
        return INSTANT

    def combined(self, table: str, actions: Sequence[Action], cost: Cost) -> Cost:
        if self.storage(table).engine != "innodb":
            # Another engine copies for everything that is more than a name.
            plain = cost.algorithm is Algorithm.INSTANT and not cost.reshapes
            return cost if plain else together([cost, COPY])
        if (
            cost.reshapes
            and (cost.indexes or "virtual" in self.storage(table).generated)
            and len(actions) > 1
        ):
            kind = REBUILD if cost.indexes else COPY
            cost = together([cost, kind])
        if cost.rebuilds and self.has_fulltext(table):
            cost = together([cost, REBUILD_SHARED])
        if cost.algorithm is Algorithm.COPY and self._copies_online(table, actions, cost):
            cost = dataclasses.replace(cost, lock=Lock.NONE)
        return cost

    def _copies_online(self, table: str, actions: Sequence[Action], cost: Cost) -> bool:
        if self.version[:2] < ONLINE_COPY or self.storage(table).cascades or cost.unknown:
            return False
        counted = any(isinstance(one, AddColumn) and one.column.identity for one in actions)
        key = any(isinstance(one, AddConstraint) and one.references for one in actions)
        inline = any(isinstance(one, AddColumn) and one.column.references for one in actions)
        return not (counted or key or inline) and cost.lock is Lock.SHARED
