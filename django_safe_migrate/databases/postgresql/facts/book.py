"""The fact book of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from django_safe_migrate.databases.facts import FactBook, Facts, IndexBuild
from django_safe_migrate.databases.postgresql.facts.dispatch import statement_effects
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.statements import Statement


class PostgreSQLFactBook(FactBook):
    """
    Predicts what statements do on PostgreSQL 14 and later; measured on 16 and 18, tables and partitions included.

    An ACCESS EXCLUSIVE lock on an index is said to be one on its table: the planner locks every index of a table that a query
    names, so nobody can read the table meanwhile (the manual of REINDEX). Sequences are named where a statement locks only them.
    """

    product = "PostgreSQL"

    def facts(self, statement: Statement) -> Facts:
        """Return what a statement does, or the worst that it may do with the reason in ``unknown``."""
        effects = statement_effects(statement, Known(self.version, self.catalogue))
        rewrites = self._existing(effects.rewrites)
        return Facts(
            statement=statement,
            locks=tuple(
                lock
                for lock in effects.table_locks
                if self.catalogue.exists(lock.table) is not False
            ),
            rewrites=rewrites,
            scans=tuple(table for table in self._existing(effects.scans) if table not in rewrites),
            index_builds=self._index_builds(effects.index_builds),
            refused_in_transaction=effects.refused_in_transaction,
            waits_for_transactions=effects.waits_for_transactions,
            commits=effects.commits,
            unknown=" ".join(effects.unknown),
        )

    def _existing(self, tables: Iterable[str]) -> tuple[str, ...]:
        """Leave out tables that the statement, or an earlier one, has just made: nobody waits for them."""
        return tuple(table for table in tables if self.catalogue.exists(table) is not False)

    def _index_builds(self, builds: Iterable[IndexBuild]) -> tuple[IndexBuild, ...]:
        """Leave out new tables, tables without an index, and single indexes where every one is built."""
        kept = [build for build in builds if self.catalogue.exists(build.table) is not False]
        every = {
            build.table
            for build in kept
            if not build.index and self.catalogue.indexes(build.table) != ()
        }
        return tuple(build for build in kept if (build.table in every) is not bool(build.index))
