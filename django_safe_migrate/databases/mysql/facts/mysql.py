"""
MySQL, from its reference manual ("Online DDL Operations" and "Online DDL Limitations" of 8.0 and 8.4); no server was asked.

An instant change of a row's shape can be made 64 times before the table is built anew (``INNODB_TABLES.TOTAL_ROW_VERSIONS``); that
is not looked at here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

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
    together,
)
from django_safe_migrate.databases.statements import Action, Default

#: INSTANT for a new last column; for renamed columns; for columns at any place and dropped ones.
INSTANT_LAST = (8, 0, 12)
INSTANT_RENAME = (8, 0, 28)
INSTANT_ANYWHERE = (8, 0, 29)


class MySQLFactBook(InnoDBFactBook):
    """MySQL 8.0.11 and later."""

    product = "MySQL"
    name = "mysql"

    def reshape(
        self, table: str, *, adds: bool = False, drops: bool = False, last: bool = True
    ) -> Cost:
        if self.has_fulltext(table):
            return REBUILD_SHARED
        needed = INSTANT_LAST if adds and last else INSTANT_ANYWHERE
        is_instant = (adds or drops) and self.version >= needed
        if is_instant and self.storage(table).row_format != "compressed":
            return RESHAPE
        return REBUILD

    def filled_by(self, default: Default) -> Cost:
        """An expression is computed for every row; what is known of ``CURRENT_TIMESTAMP`` is not certain."""
        if default in {Default.NONE, Default.CONSTANT}:
            return INSTANT
        if default is Default.VOLATILE:
            return COPY
        unknown = "Whether MySQL fills a new column by this default without copying every row is not known."
        return dataclasses.replace(COPY, unknown=unknown)

    def renamed_column(self) -> Cost:
        instant = self.version >= INSTANT_RENAME
        return INSTANT if instant else Cost(algorithm=Algorithm.INPLACE)

    def combined(self, table: str, actions: Sequence[Action], cost: Cost) -> Cost:
        if self.storage(table).engine != "innodb":
            plain = cost.algorithm is Algorithm.INSTANT and not cost.reshapes
            return cost if plain else together([cost, COPY])
        if cost.reshapes and cost.algorithm is not Algorithm.INSTANT:
            # Only actions that are instant can be combined with an instant column.
            cost = together([cost, REBUILD])
        if cost.rebuilds and self.has_fulltext(table):
            cost = together([cost, REBUILD_SHARED])
        if (
            self.storage(table).cascades
            and cost.lock is Lock.NONE
            and cost.algorithm is not Algorithm.INSTANT
        ):
            cost = dataclasses.replace(cost, lock=Lock.SHARED)
        return cost
