"""What is measured before a plan is carried out, for the checks to compare with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_safe_migrate.databases import Database, RowCount
from django_safe_migrate.verification.effects import Effects, read_effects
from django_safe_migrate.verification.health import HealthResult, run_checks

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.plan import Plan


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The database just before the plan, and what the plan says that it will do."""

    row_counts: Mapping[str, RowCount]
    response_seconds: float
    invalid_indexes: frozenset[str]
    unvalidated_constraints: frozenset[str]
    broken_foreign_keys: Mapping[tuple[str, str], int]
    health: tuple[HealthResult, ...]
    effects: Effects


def measure(
    database: Database,
    settings: Settings,
    *,
    plan: Plan,
    row_counts: Mapping[str, RowCount] | None = None,
    state: ProjectState | None = None,
) -> Baseline:
    """
    Measure a database before a plan is carried out.

    Args:
        database: the database that the plan is for.
        settings: the settings; which health checks to run, and which tables to count exactly.
        plan: the plan, not carried out yet.
        row_counts: counts that a backup of this run has made; the tables are not counted again.
        state: the state of every applied migration that the plan does not have, if it is at hand.
    """
    effects = read_effects(database.connection, plan, state)
    tables = database.tables()
    if row_counts is None:
        row_counts = database.row_counts(tables, exact_below=settings.exact_count_below)
    readable = affected_tables(effects, tables, row_counts, settings)
    return Baseline(
        row_counts=dict(row_counts),
        response_seconds=database.response_seconds(),
        invalid_indexes=frozenset(database.invalid_indexes()),
        unvalidated_constraints=frozenset(database.unvalidated_constraints()),
        broken_foreign_keys=broken_foreign_keys(database, readable),
        health=run_checks(settings.health_checks),
        effects=effects,
    )


def affected_tables(
    effects: Effects,
    present: tuple[str, ...],
    row_counts: Mapping[str, RowCount],
    settings: Settings,
) -> tuple[str, ...]:
    """Return the present tables that the plan may change rows of, without those too large to be read."""
    apps = {label for code in effects.code for label in code.app_labels}
    return tuple(
        table
        for table in present
        if (table in effects.touched or effects.apps_of_tables.get(table) in apps)
        and not is_large(row_counts.get(table), settings)
    )


def is_large(count: RowCount | None, settings: Settings) -> bool:
    """Whether a table has too many rows to be read from end to end."""
    return count is not None and count.rows >= settings.exact_count_below


def broken_foreign_keys(database: Database, tables: tuple[str, ...]) -> dict[tuple[str, str], int]:
    """Return how many rows break which foreign key, by table and columns; names of keys change when a table is made anew."""
    return {
        (item.foreign_key.table, ", ".join(item.foreign_key.columns)): item.rows
        for item in database.broken_foreign_keys(tables)
    }
