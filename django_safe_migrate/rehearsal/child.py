"""The work of the process that rehearses: the passes over the copy, each by the executor that runs use, and the comparison."""

from __future__ import annotations

import dataclasses
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connections

from django_safe_migrate import conf, events
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.meters import meter
from django_safe_migrate.databases.portraits import Content, painter, schema_differences
from django_safe_migrate.exceptions import RehearsalFailed
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.observer import Conduct
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.step_failed import StepFailed
from django_safe_migrate.execution.surroundings import Surroundings, register_receivers
from django_safe_migrate.plan import freeze
from django_safe_migrate.preservation.keeping import Keeper
from django_safe_migrate.preservation.registry import Kept
from django_safe_migrate.rehearsal import marker, telling
from django_safe_migrate.rehearsal.diagnosis import diagnose, where
from django_safe_migrate.rehearsal.receipt import (
    AGAIN,
    BACK,
    PASSES,
    PLAN,
    Comparison,
    RehearsalFailure,
    TableChange,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.migrations import Migration

    from django_safe_migrate.rehearsal.telling import Teller

#: A migration (app label and name), and whether it is unapplied.
Step = tuple[str, str, bool]
#: Rows of these differ by what a rehearsal does itself: when each migration was recorded, and the mark.
NOT_COMPARED = frozenset({"django_migrations", marker.TABLE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """
    What the process is to do; durations in seconds.

    ``applied`` are the migrations that the real database has, ``large`` the tables whose values are not compared.
    """

    alias: str
    name: str
    token: str
    steps: tuple[Step, ...]
    targets: tuple[tuple[str, str | None], ...]
    fingerprint: str
    applied: tuple[tuple[str, str], ...]
    extent: str
    large: tuple[str, ...] = ()
    lock_timeout: float | None = None
    statement_timeout: float | None = None
    concurrent_timeout: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Orders:
        """Rebuild what ``to_json`` gave."""
        values = dict(data)
        for name in ("steps", "targets", "applied"):
            values[name] = tuple(tuple(one) for one in data[name])
        return cls(**{**values, "large": tuple(data["large"])})


class Rehearsal:
    """The passes over one copy."""

    def __init__(self, orders: Orders, teller: Teller) -> None:
        self._orders = orders
        self._tell = teller.tell
        self._database = get_database(connections[orders.alias])
        self._meter = meter(self._database)
        self._pass = ""

    def carry_out(self) -> None:
        """Carry every pass out, and tell; raise ``RehearsalFailed`` when this is not the copy that was meant."""
        marker.check(self._database, self._orders.name, self._orders.token)
        register_receivers()
        self._meter.prepare()
        passes = PASSES[self._orders.extent]
        schema = self._schema() if BACK in passes else {}
        contents = self._contents() if BACK in passes else {}
        steps, whole = self._orders.steps, True
        if not self._passes(PLAN, steps):
            return
        if BACK in passes:
            steps, whole = self._reversible(steps)
            if not self._passes(BACK, steps):
                return
            if whole:
                self._compare(schema, contents)
        # What was undone, in the order of the plan again.
        again = tuple((app, name, not backwards) for app, name, backwards in reversed(steps))
        if AGAIN in passes and not self._passes(AGAIN, again):
            return
        self._tell(telling.DONE)

    # --- passes -------------------------------------------------------------------------------------------------------------

    def _passes(self, name: str, steps: tuple[Step, ...]) -> bool:
        """Carry one pass out; return whether it came to its end, having told why not."""
        marker.check(self._database, self._orders.name, self._orders.token)
        self._pass = name
        labels = [
            {"label": f"{app}.{migration}", "direction": "backwards" if backwards else "forwards"}
            for app, migration, backwards in steps
        ]
        self._tell(telling.PASS_STARTED, name=name, steps=labels)
        started = time.perf_counter()
        failure = self._carried_out(steps) if steps else None
        seconds = time.perf_counter() - started
        status = "failed" if failure else "passed"
        self._tell(telling.PASS_FINISHED, name=name, status=status, seconds=seconds)
        if failure is not None:
            self._tell(telling.FAILED, **dataclasses.asdict(failure))
        return failure is None

    def _carried_out(self, steps: tuple[Step, ...]) -> RehearsalFailure | None:
        connection = self._database.connection
        executor = SafeMigrationExecutor(connection)
        self._ensure_same(executor)
        django_plan = [
            (self._node(executor, (app, name)), backwards) for app, name, backwards in steps
        ]
        plan = freeze(self._orders.alias, self._orders.targets, django_plan)
        if self._pass == PLAN and plan.fingerprint != self._orders.fingerprint:
            raise RehearsalFailed(
                "The plan that this process finds is not the one to be rehearsed: a file of a migration was changed meanwhile, or is another "
                "one for this process."
            )
        surroundings = _surroundings()
        state = executor.current_state()
        keeper = Keeper(
            self._database, conf.load().preserve, self._emit, plan, f"rehearsal-{self._pass}"
        )
        try:
            surroundings.before(connection, state, plan.django_plan())
            conduct = dataclasses.replace(self._conduct(steps), keeping=keeper)
            after = executor.carry_out(plan, conduct, state.clone())
            keeper.finish(plan, after)
            surroundings.after(connection, after, plan.django_plan())
        except StepFailed as failed:
            offenders = diagnose(self._database, executor, failed)
            return RehearsalFailure(
                pass_name=self._pass,
                migration=failed.label,
                operation=failed.operation_description,
                message=f"{failed}{where(failed)}",
                offenders=offenders,
            )
        except Exception as error:
            traceback.print_exc()
            return RehearsalFailure(
                pass_name=self._pass,
                message=f"A receiver of pre_migrate or post_migrate failed: {describe(error)}",
            )
        return None

    def _node(self, executor: SafeMigrationExecutor, key: tuple[str, str]) -> Migration:
        migration: Migration | None = executor.loader.graph.nodes.get(key)
        if migration is None:
            raise RehearsalFailed(f"The copy's plan has no migration {'.'.join(key)}.")
        return migration

    def _ensure_same(self, executor: SafeMigrationExecutor) -> None:
        """Before the first pass, the copy must stand where the real database does."""
        if self._pass != PLAN:
            return
        here, there = set(executor.loader.applied_migrations), set(self._orders.applied)
        if here != there:
            named = ", ".join(sorted(f"{app}.{name}" for app, name in here ^ there)[:5])
            raise RehearsalFailed(
                f"The backup and the database do not have the same migrations applied ({len(here ^ there)} differ: {named}). Rehearse with a "
                "backup of the present state."
            )

    def _conduct(self, steps: tuple[Step, ...]) -> Conduct:
        orders = self._orders
        return Conduct(
            database=self._database,
            emit=self._emit,
            # Only the server's own vacuum can be in the way here, and it makes way.
            retry=RetryPolicy(attempts=5, max_wait=60.0),
            lock_timeout=orders.lock_timeout,
            statement_timeout=orders.statement_timeout,
            concurrent_timeout=orders.concurrent_timeout,
            before_step=lambda: None,
            indexes={(app, name): index for index, (app, name, _) in enumerate(steps)},
        )

    def _emit(self, name: str, **payload: Any) -> None:
        """Pass an event of the executor on, with what was measured."""
        if name == events.STEP_STARTED:
            self._meter.begin_step()
        self._tell(name, **payload, **self._measured(name))
        if name == events.OPERATION_STARTED:
            self._meter.begin()

    def _measured(self, name: str) -> dict[str, Any]:
        return (
            {"measured": self._meter.end().to_json()} if name == events.OPERATION_FINISHED else {}
        )

    def _reversible(self, steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], bool]:
        """Return the way back as far as it goes, and whether that is all of it; what ends it is told."""
        nodes = SafeMigrationExecutor(self._database.connection).loader.graph.nodes
        back: list[Step] = []
        for app, name, backwards in reversed(steps):
            fixed = [one for one in nodes[app, name].operations if not one.reversible]
            if not backwards and fixed:
                ended_by = f"{app}.{name} cannot be undone: {fixed[0].describe()}"
                self._tell(telling.NOTICED, ended_by=ended_by)
                return tuple(back), False
            back.append((app, name, not backwards))
        return tuple(back), True

    # --- comparing ------------------------------------------------------------------------------------------------------------

    def _schema(self) -> dict[str, str]:
        found = painter(self._database).schema()
        return {name: one for name, one in found.items() if not _is_kept(name)}

    def _contents(self) -> dict[str, Content]:
        tables = set(self._database.tables()) - NOT_COMPARED - set(self._orders.large)
        return painter(self._database).contents(
            sorted(name for name in tables if not _is_kept(name))
        )

    def _compare(self, schema: dict[str, str], contents: dict[str, Content]) -> None:
        after = self._contents()
        changes = [
            TableChange(
                table=table,
                rows_before=contents[table].rows if table in contents else None,
                rows_after=after[table].rows if table in after else None,
            )
            for table in sorted(contents.keys() | after.keys())
            if contents.get(table) != after.get(table)
        ]
        comparison = Comparison(
            schema=list(schema_differences(schema, self._schema())),
            tables=changes,
            compared=len(contents),
            not_compared=sorted(self._orders.large),
        )
        self._tell(telling.COMPARED, comparison=dataclasses.asdict(comparison))


def _is_kept(name: str) -> bool:
    """Whether a table, or something of it, holds what a run keeps of the project's data: it stays when a plan is undone."""
    return Kept._meta.db_table in name


def _surroundings() -> Surroundings:
    command = MigrateCommand(stdout=sys.stderr)
    return Surroundings(
        verbosity=0, interactive=False, stdout=command.stdout, sync_apps=command.sync_apps
    )
