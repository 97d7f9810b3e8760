"""The facts of statements on InnoDB: an ALTER TABLE as a whole, and every other statement."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from django_safe_migrate.databases.facts import Facts, IndexBuild, TableLock, strongest
from django_safe_migrate.databases.mysql.facts.actions import InnoDBActions
from django_safe_migrate.databases.mysql.facts.cost import (
    COPY,
    Algorithm,
    Cost,
    Lock,
    together,
)
from django_safe_migrate.databases.mysql.facts.whole import whole_facts
from django_safe_migrate.databases.statements import (
    Action,
    AlterTable,
    CreateIndex,
    DropIndex,
    DropIndexAction,
    Statement,
)

TABLE_UNKNOWN = "Which table the index belongs to is not known."


class InnoDBFactBook(InnoDBActions):
    """
    Facts of tables in InnoDB.

    ``LOCK=NONE`` blocks schema changes only, but every ALTER TABLE needs the table for itself for a moment: behind an open transaction that
    used the table it waits, and everybody else behind it.
    """

    def facts(self, statement: Statement) -> Facts:
        if isinstance(statement, AlterTable):
            return self._altered(statement)
        if isinstance(statement, CreateIndex):
            cost = self.index_cost(statement.table, statement.name, statement.kind)
            return self._of_cost(
                statement, statement.table, self.combined(statement.table, (), cost)
            )
        if isinstance(statement, DropIndex):
            return self._index_dropped(statement)
        return whole_facts(self, statement)

    def combined(self, table: str, actions: Sequence[Action], cost: Cost) -> Cost:
        """What the actions cost in one statement on this table, when ``cost`` has the most expensive of each thing."""
        return cost

    def _altered(self, statement: AlterTable) -> Facts:
        costs = (self.cost(statement.table, action) for action in statement.actions)
        cost = self.combined(statement.table, statement.actions, together(costs))
        return self._of_cost(statement, statement.table, self._demanded(statement, cost))

    def _demanded(self, statement: AlterTable, cost: Cost) -> Cost:
        """What ALGORITHM= and LOCK= make of it: more than is needed, or a refusal."""
        algorithm, lock = statement.algorithm.upper(), statement.lock.upper()
        if algorithm in Algorithm.__members__ and Algorithm[algorithm] < cost.algorithm:
            refused = f"The server refuses ALGORITHM={algorithm}, because this change needs {cost.algorithm.name}."
            return dataclasses.replace(cost, refused=cost.refused or refused)
        if algorithm == "COPY":
            copied = together([cost, COPY])
            cost = self.combined(statement.table, statement.actions, copied)
        if lock in Lock.__members__ and Lock[lock] < cost.lock:
            refused = (
                f"The server refuses LOCK={lock}, because this change needs LOCK={cost.lock.name}."
            )
            return dataclasses.replace(cost, refused=cost.refused or refused)
        if lock in Lock.__members__:
            cost = dataclasses.replace(cost, lock=Lock[lock])
        return cost

    def _index_dropped(self, statement: DropIndex) -> Facts:
        known = statement.table or next(
            (found for name in statement.names if (found := self.catalogue.index_table(name))), ""
        )
        costs = [self.drop_index(known, DropIndexAction(name=name)) for name in statement.names]
        cost = together(costs)
        if not known:
            cost = dataclasses.replace(cost, unknown=TABLE_UNKNOWN)
        return self._of_cost(statement, known, self.combined(known, (), cost))

    def _of_cost(self, statement: Statement, table: str, cost: Cost) -> Facts:
        if self.catalogue.exists(table) is False:
            return Facts(statement=statement, commits=True)
        locks: list[TableLock] = [cost.lock.on(table), *cost.others]
        return Facts(
            statement=statement,
            locks=strongest(locks),
            rewrites=(table,) if cost.rebuilds else (),
            scans=(table,) if cost.scans and not cost.rebuilds else (),
            index_builds=()
            if cost.rebuilds
            else tuple(IndexBuild(table, name) for name in cost.indexes),
            algorithm=cost.algorithm.name,
            commits=True,
            unknown=cost.unknown,
            refused=cost.refused,
        )
