"""The analysis of the migrations of a scope, each in the state that the migrations before it have made."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.migrations.state import ProjectState

from django_safe_migrate.analysis import Forecast, assess
from django_safe_migrate.analysis.start_after import exempted
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.checking.order import Key, histories
from django_safe_migrate.checking.scope import ALL, PENDING, SINCE, Scope
from django_safe_migrate.plan import Plan, PlannedMigration, freeze
from django_safe_migrate.sql.states import advance_migration

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.findings import Finding

OWN_APP = "django_safe_migrate"


@dataclasses.dataclass(frozen=True, slots=True)
class Analysed:
    """The migrations that were looked at, in order, what was found, and their forecasts by label, when these were asked for."""

    migrations: tuple[PlannedMigration, ...]
    findings: tuple[Finding, ...]
    forecasts: dict[str, Forecast] = dataclasses.field(default_factory=dict)


def analyse_scope(
    loader: MigrationLoader,
    scope: Scope,
    settings: Settings,
    *,
    alias: str,
    database: Database | None,
    changed: frozenset[Path] = frozenset(),
    forecast: bool = False,
) -> Analysed:
    """
    Return what the rules find in the migrations of a scope.

    Args:
        loader: with a graph.
        database: None when it must not be asked; then every table may hold rows.
        changed: the files that ``SINCE`` is about.
        forecast: whether it is told too what each of them will do.
    """
    migrations: dict[str, PlannedMigration] = {}
    findings: dict[Finding, None] = {}
    forecasts: dict[str, Forecast] = {}
    for order in histories(loader):
        plan, state = _plan(loader, order, scope, alias)
        chosen = _chosen(loader, plan, scope, settings, changed)
        migrations.update((one.label, one) for one in chosen)
        labels = frozenset(one.label for one in chosen)
        if labels:
            look = functools.partial(assess, plan, database, state, settings, graph=loader.graph)
            only = _only(loader, plan, scope, labels)
            found = look(only=only, each_alone=scope.mode == ALL, forecast=forecast)
            findings.update(dict.fromkeys(one for one in found.findings if one.migration in labels))
            forecasts = {**found.forecasts, **forecasts}
    return Analysed(
        tuple(migrations.values()),
        tuple(findings),
        {label: forecasts[label] for label in migrations if label in forecasts},
    )


def _only(
    loader: MigrationLoader, plan: Plan, scope: Scope, labels: frozenset[str]
) -> frozenset[str] | None:
    """
    What the analysis is to look at: all of a plan that is pending, of which a part is reported, else these labels.

    A table that another app's pending migration makes is new.
    """
    is_pending = scope.mode == PENDING and not any(_is_applied(loader, one) for one in plan.steps)
    return None if is_pending else labels


def _plan(
    loader: MigrationLoader, order: Sequence[Key], scope: Scope, alias: str
) -> tuple[Plan, ProjectState]:
    """The part of the history that the analysis walks, and the state before it."""
    state = ProjectState(real_apps=loader.unmigrated_apps)
    ahead: dict[Key, None] = {}
    for key in order:
        parents = {parent.key for parent in loader.graph.node_map[key].parents}
        is_pending = scope.mode != PENDING or key not in loader.applied_migrations
        # In an inconsistent history a migration is applied before one that it builds on.
        if is_pending or parents & ahead.keys():
            ahead[key] = None
        else:
            state = advance_migration(state, loader.graph.nodes[key])
    return freeze(alias, (), [(loader.graph.nodes[key], False) for key in ahead]), state


def _chosen(
    loader: MigrationLoader, plan: Plan, scope: Scope, settings: Settings, changed: frozenset[Path]
) -> list[PlannedMigration]:
    chosen = [one for one in plan.steps if scope.has_app(one.app_label)]
    if scope.mode == SINCE:
        return [one for one in chosen if one.file and Path(one.file).resolve() in changed]
    if scope.mode == ALL:
        old = exempted(plan, settings.start_after)
        named = bool(scope.labels)
        return [one for one in chosen if one.label not in old and (named or _is_own(one))]
    return [one for one in chosen if not _is_applied(loader, one)]


def _is_applied(loader: MigrationLoader, planned: PlannedMigration) -> bool:
    return (planned.app_label, planned.name) in loader.applied_migrations


def _is_own(planned: PlannedMigration) -> bool:
    package = type(planned.migration).__module__.partition(".")[0]
    return package != OWN_APP and not is_third_party(planned)
