"""Reading records out of the history tables, in few queries."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch, QuerySet

from django_safe_migrate.history import rows
from django_safe_migrate.history.tables import Tables
from django_safe_migrate.models import Finding, MigrationRun, MigrationStep
from django_safe_migrate.record import RunRecord

#: So many runs are read at once: the SQL of all of them may not fit into memory.
_CHUNK = 20


def record_of(run: MigrationRun) -> RunRecord:
    """Return the record of a row; its steps, findings and backup should be prefetched."""
    return rows.record_from(run, run.steps.all(), run.findings.all())


def stored(
    tables: Tables, query: QuerySet[MigrationRun], *, operations: bool = True
) -> Iterator[RunRecord]:
    """Yield the records of a query, in its order; without ``operations`` the SQL of their steps is not read."""
    keys = tables.read(lambda alias: query.using(alias).values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        runs = {run.pk: run for run in tables.read(functools.partial(_whole, chunk, operations))}
        yield from (record_of(runs[key]) for key in chunk if key in runs)


def statuses(tables: Tables, run_ids: list[str] | None = None) -> dict[str, str]:
    """Return the statuses of runs by id, as far as the tables have them: of all, or of these."""

    def query(alias: str) -> QuerySet[MigrationRun, tuple[uuid.UUID, str]]:
        runs = MigrationRun.objects.using(alias)
        wanted = (
            runs if run_ids is None else runs.filter(pk__in=[uuid.UUID(one) for one in run_ids])
        )
        return wanted.order_by().values_list("pk", "status")

    return {str(key): status for key, status in tables.read(query)}


def keys_beginning_with(tables: Tables, digits: str) -> list[uuid.UUID]:
    """Return the ids that begin with these hexadecimal digits; compared here, since each server stores ids in its own way."""
    keys = tables.read(
        lambda alias: MigrationRun.objects.using(alias).order_by().values_list("pk", flat=True)
    )
    return [key for key in keys if key.hex.startswith(digits)]


def _whole(keys: list[uuid.UUID], operations: bool, alias: str) -> QuerySet[MigrationRun]:
    steps = MigrationStep.objects.using(alias)
    return (
        MigrationRun.objects.using(alias)
        .filter(pk__in=keys)
        .select_related("backup")
        .defer("report")
        .prefetch_related(
            Prefetch("steps", steps if operations else steps.defer("operations")),
            Prefetch("findings", Finding.objects.using(alias)),
        )
    )


def applied_sources(tables: Tables, database: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the digest of each migration's file when it was last applied to a database, and that moment, by app and name."""

    def query(alias: str) -> QuerySet[MigrationStep, tuple[Any, ...]]:
        steps = MigrationStep.objects.using(alias).filter(
            run__database=database, direction=MigrationStep.Direction.FORWARDS, status="applied"
        )
        ordered = steps.exclude(source="").order_by("run__started_at", "run_id", "position")
        return ordered.values_list("app_label", "name", "source", "run__started_at")

    return {
        (app_label, name): (source, rows.to_text(moment))
        for app_label, name, source, moment in tables.read(query)
    }
