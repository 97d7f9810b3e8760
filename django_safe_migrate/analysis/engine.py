"""One pass over a plan that shows every operation and change to the rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db import connections

from django_safe_migrate.analysis.changes import StatementsRun, Unrecognised
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.forecast.forecasting import Forecasting
from django_safe_migrate.analysis.live import Live, LiveElsewhere
from django_safe_migrate.analysis.ordering import Order
from django_safe_migrate.analysis.predicting import Predictor
from django_safe_migrate.analysis.registry import RuleSet, all_rules
from django_safe_migrate.analysis.rule import Check, Rule, Subject
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.severity import (
    OFF,
    configured,
    limited,
    settled,
    with_estimate,
)
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.start_after import exempted
from django_safe_migrate.analysis.suppression import UNUSED, WITHOUT_REASON, Marker
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.analysis.walking import Part, walk_plan
from django_safe_migrate.analysis.weight import Weights

if TYPE_CHECKING:
    from django.db.migrations.graph import MigrationGraph
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.forecast import Forecast
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.databases.rates import Rates
    from django_safe_migrate.findings import Finding
    from django_safe_migrate.plan import Plan, PlannedMigration
    from django_safe_migrate.sql import OperationSQL


@dataclasses.dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules find in a plan, and what each migration will do, by label; those that the settings leave out have no forecast."""

    findings: tuple[Finding, ...] = ()
    forecasts: Mapping[str, Forecast] = dataclasses.field(default_factory=dict)


def analyse(
    plan: Plan, database: Database | None, state: ProjectState, settings: Settings, **options: Any
) -> list[Finding]:
    """Return the findings of ``assess``, which takes the same arguments, without making forecasts."""
    return list(assess(plan, database, state, settings, forecast=False, **options).findings)


def assess(
    plan: Plan,
    database: Database | None,
    state: ProjectState,
    settings: Settings,
    *,
    app_is_third_party: Callable[[PlannedMigration], bool] = is_third_party,
    sql: Mapping[str, tuple[OperationSQL, ...]] | None = None,
    only: Collection[str] | None = None,
    each_alone: bool = False,
    forecast: bool = True,
    rates: Rates | None = None,
    graph: MigrationGraph | None = None,
) -> Assessment:
    """
    Return what the rules find in a plan, in the order of the plan, and what each migration will do.

    Args:
        plan: forwards or backwards.
        database: None when it cannot be reached or must not be asked; then every table may hold rows.
        state: the project state without any migration of the plan, in both directions; it is not changed.
        settings: severities, rules of the project, exemptions.
        app_is_third_party: whether a migration is one that the project cannot change.
        sql: the collected SQL by label of migration, when it was asked for.
        only: the labels of the migrations to look at, anywhere in the history; what else is in the plan is taken to be applied. None
            for a plan that is pending on this database.
        each_alone: whether each of ``only`` is looked at as if those before it were applied, so that only its own tables are new.
        forecast: whether forecasts are made too.
        rates: of the server, where they were seen elsewhere; None to measure them where a table is large.
        graph: the migrations that the plan was made from, with what they depend on; those of the installed apps when it is not given.

    Raises:
        ImproperlyConfigured: ``EXTRA_RULES`` cannot be followed.
    """
    analysis = _Analysis(plan, database, settings, app_is_third_party, sql, only, rates, graph)
    return analysis.assessment(state, each_alone=each_alone, forecast=forecast)


def rule_names(settings: Settings) -> frozenset[str]:
    """Return every name that a finding of the analysis can have."""
    return frozenset(rule.name for rule in all_rules(settings)) | {UNUSED, WITHOUT_REASON}


class _Analysis:
    def __init__(
        self,
        plan: Plan,
        database: Database | None,
        settings: Settings,
        app_is_third_party: Callable[[PlannedMigration], bool],
        sql: Mapping[str, tuple[OperationSQL, ...]] | None,
        only: Collection[str] | None,
        rates: Rates | None,
        graph: MigrationGraph | None,
    ) -> None:
        connection = connections[plan.database] if database is None else database.connection
        self._plan = plan
        self._severities = settings.rules
        self._limits = settings.apps
        self._sql = sql
        self._app_is_third_party = app_is_third_party
        self._exempted = exempted(plan, settings.start_after)
        self._schema = Schema(connection, live=database is not None, target=settings.target_version)
        self._only = only
        self._order = Order(graph)
        self._live = Live(database) if only is None else LiveElsewhere(database)
        self._so_far = SoFar(self._live)
        self._predictor = Predictor(self._schema, self._live, settings.target_version)
        self._weights = Weights(self._live, catalogue=self._predictor.live, rates=rates)
        rules = all_rules(settings)
        self._known = frozenset(rule.name for rule in rules)
        self._breaking = frozenset(rule.name for rule in rules if rule.breaks_running_code)
        wanted = [rule for rule in rules if _is_on(rule, settings.rules)]
        self._rules = RuleSet(
            wanted, connection.vendor, "backwards" if plan.backwards else "forwards"
        )

    def assessment(self, state: ProjectState, *, each_alone: bool, forecast: bool) -> Assessment:
        found: list[Finding] = []
        forecasts: dict[str, Forecast] = {}
        for planned, parts in walk_plan(self._plan, state):
            if self._only is not None and planned.label not in self._only:
                self._so_far.release()
                continue
            if each_alone:
                self._so_far = SoFar(self._live)
            context = self._context(planned)
            forecasting = Forecasting(context, self._predictor) if forecast else None
            here = list(self._migration(planned, parts, context, forecasting))
            found += here
            if forecasting is not None and not self._is_passed_over(planned):
                forecasts[planned.label] = forecasting.finish(parts, here, self._breaking)
        return Assessment(tuple(found), forecasts)

    def _context(self, planned: PlannedMigration) -> Context:
        return Context(
            planned,
            schema=self._schema,
            live=self._live,
            so_far=self._so_far,
            sql=None if self._sql is None else self._sql.get(planned.label, ()),
            predictor=self._predictor,
            weights=self._weights,
            order=self._order,
        )

    def _is_passed_over(self, planned: PlannedMigration) -> bool:
        return planned.label in self._exempted or self._limits.get(planned.app_label) == OFF

    def _migration(
        self,
        planned: PlannedMigration,
        parts: tuple[Part, ...],
        context: Context,
        forecasting: Forecasting | None,
    ) -> Iterator[Finding]:
        if self._is_passed_over(planned):
            self._pass_over(planned, parts, context)
            return
        limit = self._limits.get(planned.app_label)
        # An app that the settings name is judged as they say, whoever wrote it.
        third_party = limit is None and self._app_is_third_party(planned)
        settle = _Settling(context, Marker(planned), self._severities, third_party, limit)
        for part in parts:
            context.move_to(part)
            for check in self._rules.checks(Subject.OPERATION, type(part.operation)):
                yield from settle.results(check, part.operation)
            yield from self._changes(planned, part, context, settle, forecasting)
        context.move_to(None)
        for check in self._rules.migration_checks:
            yield from settle.results(check)
        if not planned.backwards:
            yield from settle.marker_findings(self._known, self._rules.names)

    def _changes(
        self,
        planned: PlannedMigration,
        part: Part,
        context: Context,
        settle: _Settling,
        forecasting: Forecasting | None,
    ) -> Iterator[Finding]:
        for change in self._derived(planned, part):
            for check in self._rules.checks(Subject.CHANGE, type(change)):
                yield from settle.results(check, change)
            if isinstance(change, StatementsRun | Unrecognised):
                yield from self._statements(change, context, settle)
            if forecasting is not None:
                forecasting.note(change)
            context.note(change)

    def _statements(
        self, change: StatementsRun | Unrecognised, context: Context, settle: _Settling
    ) -> Iterator[Finding]:
        """What is written down: an operation of a third party has no text unless its SQL was collected."""
        for statement in filter(lambda one: one.text, context.statements(change)):
            for check in self._rules.checks(Subject.STATEMENT, type(statement)):
                yield from settle.results(check, statement)
            context.note_statement(statement)

    def _pass_over(
        self, planned: PlannedMigration, parts: tuple[Part, ...], context: Context
    ) -> None:
        for part in parts:
            context.move_to(part)
            for change in self._derived(planned, part):
                context.pass_over(change)

    def _derived(self, planned: PlannedMigration, part: Part) -> tuple[Any, ...]:
        around = Surroundings(planned.app_label, part.earlier, part.later, self._schema)
        return derive(part.operation, around, backwards=planned.backwards)


def _is_on(rule: Rule, severities: Mapping[str, str]) -> bool:
    return severities.get(rule.name, "" if rule.enabled else OFF) != OFF


class _Settling:
    """Runs checks on one migration and settles the severity of what they find."""

    def __init__(
        self,
        context: Context,
        marker: Marker,
        severities: Mapping[str, str],
        third_party: bool,
        limit: str | None,
    ) -> None:
        self._context = context
        self._marker = marker
        self._severities = severities
        self._third_party = third_party
        self._limit = limit

    def results(self, check: Check, *subject: Any) -> Iterator[Finding]:
        for finding in check.function(*subject, self._context):
            # The marker first: an entry is used also where the table happens to be new or empty on this database.
            found = configured(self._marker.apply(finding), self._severities)
            if found is not None:
                found = with_estimate(found, check, next(iter(subject), None), self._context)
                found = settled(found, check.rule, self._context, third_party=self._third_party)
            if found is not None:
                yield limited(found, self._limit)

    def marker_findings(self, known: frozenset[str], active: frozenset[str]) -> Iterator[Finding]:
        for finding in self._marker.findings(known, active):
            found = configured(finding, self._severities)
            if found is not None:
                yield found
