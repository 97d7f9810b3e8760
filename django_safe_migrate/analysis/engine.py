"""One pass over a plan that shows every operation and change to the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db import connections

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.registry import RuleSet, all_rules
from django_safe_migrate.analysis.rule import Check, Subject
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.severity import OFF, configured, settled
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.start_after import exempted
from django_safe_migrate.analysis.suppression import UNUSED, WITHOUT_REASON, Marker
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.analysis.walking import Part, walk_plan

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.findings import Finding
    from django_safe_migrate.plan import Plan, PlannedMigration
    from django_safe_migrate.sql import OperationSQL


def analyse(
    plan: Plan,
    database: Database | None,
    state: ProjectState,
    settings: Settings,
    *,
    app_is_third_party: Callable[[PlannedMigration], bool] = is_third_party,
    sql: Mapping[str, tuple[OperationSQL, ...]] | None = None,
) -> list[Finding]:
    """
    Return what the rules find in a plan, in the order of the plan.

    Args:
        plan: forwards or backwards.
        database: None when it cannot be reached or must not be asked; then every table may hold rows.
        state: the project state without any migration of the plan, in both directions; it is not changed.
        settings: severities, rules of the project, exemptions.
        app_is_third_party: whether a migration is one that the project cannot change.
        sql: the collected SQL by label of migration, when it was asked for.

    Raises:
        ImproperlyConfigured: ``EXTRA_RULES`` cannot be followed.
    """
    return _Analysis(plan, database, settings, app_is_third_party, sql).findings(state)


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
    ) -> None:
        connection = connections[plan.database] if database is None else database.connection
        self._plan = plan
        self._severities = settings.rules
        self._sql = sql
        self._app_is_third_party = app_is_third_party
        self._exempted = exempted(plan, settings.start_after)
        self._schema = Schema(connection, live=database is not None)
        self._live = Live(database)
        self._so_far = SoFar(self._live)
        rules = all_rules(settings)
        self._known = frozenset(rule.name for rule in rules)
        wanted = [rule for rule in rules if settings.rules.get(rule.name) != OFF]
        self._rules = RuleSet(
            wanted, connection.vendor, "backwards" if plan.backwards else "forwards"
        )

    def findings(self, state: ProjectState) -> list[Finding]:
        found: list[Finding] = []
        for planned, parts in walk_plan(self._plan, state):
            found.extend(self._migration(planned, parts))
        return found

    def _migration(self, planned: PlannedMigration, parts: tuple[Part, ...]) -> Iterator[Finding]:
        sql = None if self._sql is None else self._sql.get(planned.label, ())
        context = Context(
            planned, schema=self._schema, live=self._live, so_far=self._so_far, sql=sql
        )
        if planned.label in self._exempted:
            self._pass_over(planned, parts)
            return
        settle = _Settling(
            context, Marker(planned), self._severities, self._app_is_third_party(planned)
        )
        for part in parts:
            context.move_to(part)
            for check in self._rules.checks(Subject.OPERATION, type(part.operation)):
                yield from settle.results(check, part.operation)
            yield from self._changes(planned, part, context, settle)
        context.move_to(None)
        for check in self._rules.migration_checks:
            yield from settle.results(check)
        if not planned.backwards:
            yield from settle.marker_findings(self._known, self._rules.names)

    def _changes(
        self, planned: PlannedMigration, part: Part, context: Context, settle: _Settling
    ) -> Iterator[Finding]:
        for change in self._derived(planned, part):
            for check in self._rules.checks(Subject.CHANGE, type(change)):
                yield from settle.results(check, change)
            self._so_far.note(change)
            context.changes.append(change)

    def _pass_over(self, planned: PlannedMigration, parts: tuple[Part, ...]) -> None:
        for part in parts:
            for change in self._derived(planned, part):
                self._so_far.note(change)

    def _derived(self, planned: PlannedMigration, part: Part) -> tuple[Any, ...]:
        around = Surroundings(planned.app_label, part.earlier, part.later, self._schema)
        return derive(part.operation, around, backwards=planned.backwards)


class _Settling:
    """Runs checks on one migration and settles the severity of what they find."""

    def __init__(
        self, context: Context, marker: Marker, severities: Mapping[str, str], third_party: bool
    ) -> None:
        self._context = context
        self._marker = marker
        self._severities = severities
        self._third_party = third_party

    def results(self, check: Check, *subject: Any) -> Iterator[Finding]:
        for finding in check.function(*subject, self._context):
            # The marker first: an entry is used also where the table happens to be new or empty on this database.
            found = configured(self._marker.apply(finding), self._severities)
            if found is not None:
                found = settled(found, check.rule, self._context, third_party=self._third_party)
            if found is not None:
                yield found

    def marker_findings(self, known: frozenset[str], active: frozenset[str]) -> Iterator[Finding]:
        for finding in self._marker.findings(known, active):
            found = configured(finding, self._severities)
            if found is not None:
                yield found
