"""The facts of changes and statements as a plan goes along: statements are written, and the fact book of the server is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate import databases
from django_safe_migrate.analysis.catalogue import StateCatalogue
from django_safe_migrate.analysis.changes import Change, CodeRun
from django_safe_migrate.analysis.live import LiveElsewhere
from django_safe_migrate.analysis.state_tables import KnownModels, StateTables
from django_safe_migrate.analysis.statements import Moment, statements_of
from django_safe_migrate.databases.facts import Catalogue, Facts, TableLock, strongest
from django_safe_migrate.databases.statements import CreateTable, Statement, Unread

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.live import Live
    from django_safe_migrate.analysis.schema import Schema
    from django_safe_migrate.analysis.so_far import SoFar
    from django_safe_migrate.values import TargetVersion

#: From the cheapest to the costliest.
_ALGORITHMS = ("", "INSTANT", "NOCOPY", "INPLACE", "COPY")
CODE_UNKNOWN = "What Python executes is known only when it runs."


class Predictor:
    """Knows the server of an analysis, and what its tables are like; made once, and shared by all migrations."""

    def __init__(self, schema: Schema, live: Live, target: TargetVersion | None = None) -> None:
        database = live.database
        self.known = KnownModels(schema)
        self.server = (
            databases.server_of(schema.connection, target)
            if database is None
            else databases.live_server(database)
        )
        self.book_class = databases.fact_book_class(self.server)
        # Of another time, its tables tell nothing about those of then.
        present = database is not None and not isinstance(live, LiveElsewhere)
        self.live = (
            databases.live_catalogue(database) if database is not None and present else Catalogue()
        )

    def predictions(self, so_far: SoFar) -> Predictions:
        """Return the predictions for a plan that has come so far."""
        return Predictions(self, so_far)


class Predictions:
    """Predicts from what the plan has done so far."""

    def __init__(self, predictor: Predictor, so_far: SoFar) -> None:
        self._known = predictor.known
        self._catalogue = StateCatalogue(so_far, predictor.live)
        self._book = predictor.book_class(predictor.server.version, self._catalogue)
        self.server = predictor.server

    def tables(self, state: ProjectState) -> StateTables:
        """Return the tables of a state."""
        return StateTables(state, self._known)

    def statements(
        self,
        change: Change,
        before: ProjectState,
        after: ProjectState,
        written: tuple[str, ...] = (),
    ) -> tuple[Statement, ...]:
        """Return what a change executes; the states are those around its operation in the direction of the plan."""
        moment = Moment.of(before, after, self._known)
        return statements_of(change, moment, self.server.product, written)

    def facts(
        self, statements: Iterable[Statement], before: ProjectState, after: ProjectState
    ) -> tuple[Facts, ...]:
        """Return the facts of statements that are executed one after the other; they say nothing of tables that are new."""
        self._catalogue.move_to(Moment.of(before, after, self._known))
        return tuple(self._facts(statements))

    def _facts(self, statements: Iterable[Statement]) -> Iterator[Facts]:
        for statement in statements:
            if isinstance(statement, CreateTable) and not statement.if_not_exists:
                self._catalogue.note_created(statement.table)
            yield self._of_existing(self._book.facts(statement))

    def _of_existing(self, facts: Facts) -> Facts:
        locks = tuple(lock for lock in facts.locks if self._is_there(lock.table))
        rewrites = tuple(filter(self._is_there, facts.rewrites))
        scans = tuple(filter(self._is_there, facts.scans))
        builds = tuple(one for one in facts.index_builds if self._is_there(one.table))
        if (locks, rewrites, scans, builds) == (
            facts.locks,
            facts.rewrites,
            facts.scans,
            facts.index_builds,
        ):
            return facts
        return dataclasses.replace(
            facts, locks=locks, rewrites=rewrites, scans=scans, index_builds=builds
        )

    def _is_there(self, table: str) -> bool:
        return not table or self._catalogue.exists(table) is not False


def merged(facts: Sequence[Facts]) -> Facts:
    """
    Return what several statements do together: the strongest lock on each table, and all of the rest.

    Its ``statement`` is the first of them; of no statement at all, one that does nothing.
    """
    if len(facts) == 1:
        return facts[0]
    if not facts:
        return Facts(statement=Unread())
    rewrites = _union(one.rewrites for one in facts)
    return Facts(
        statement=facts[0].statement,
        locks=strongest(lock for one in facts for lock in one.locks),
        rewrites=rewrites,
        scans=tuple(table for table in _union(one.scans for one in facts) if table not in rewrites),
        index_builds=tuple(dict.fromkeys(build for one in facts for build in one.index_builds)),
        algorithm=max((one.algorithm for one in facts), key=_ALGORITHMS.index),
        refused_in_transaction=any(one.refused_in_transaction for one in facts),
        commits=any(one.commits for one in facts),
        waits_for_transactions=any(one.waits_for_transactions for one in facts),
        unknown=" ".join(_union((one.unknown,) for one in facts)),
        measured=all(one.measured for one in facts),
    )


def of_code(change: CodeRun) -> Facts:
    """Return what can be said of Python: nothing."""
    return Facts(statement=Unread(reason=CODE_UNKNOWN), unknown=CODE_UNKNOWN)


def renamed(locks: Iterable[TableLock], table: str, new_table: str) -> Iterator[TableLock]:
    """Yield locks after a table was renamed."""
    for lock in locks:
        yield dataclasses.replace(lock, table=new_table) if lock.table == table else lock


def _union(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part if one))
