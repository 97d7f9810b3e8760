"""Migrations that a run left in the middle: which of their operations are in the database, and how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.migrations.operations import RunPython

from django_safe_migrate.record import FAILED, RUNNING, SUCCEEDED, RunRecord, StepRecord
from django_safe_migrate.run import RESTORE
from django_safe_migrate.status.contents import (
    FINISHED,
    NOT_BEGUN,
    NOTHING_LEFT,
    UNCLEAR,
    HalfDone,
    NextCommand,
    OperationStatus,
)
from django_safe_migrate.status.evidence import visible_operations
from django_safe_migrate.status.runs import on_database

if TYPE_CHECKING:
    from django.db.migrations import Migration

    from django_safe_migrate.databases import Database
    from django_safe_migrate.history import History
    from django_safe_migrate.status.migrations import Migrations

Candidate = tuple[RunRecord, StepRecord]


def has_candidates(records: list[RunRecord]) -> bool:
    """Whether looking closer can find anything; the records of a list of runs come without the operations of their steps."""
    return next(_candidates(records), None) is not None


def find_half_done(
    records: list[RunRecord], history: History, database: Database, migrations: Migrations | None
) -> Iterator[HalfDone]:
    """Yield the half-done migrations; without ``migrations`` (the database is down) what the journals alone tell."""
    whole: dict[str, RunRecord] = {}
    for record, step in _candidates(records):
        if step.atomic and database.can_rollback_ddl:
            continue
        if migrations is not None and _is_settled(step, migrations):
            continue
        if record.id not in whole:
            whole[record.id] = history.find(record.id) or record
        found = _half_done(whole[record.id], step, database, migrations)
        if found is not None:
            yield found


def _candidates(records: list[RunRecord]) -> Iterator[Candidate]:
    """Yield the steps that failed or were under way when their run ended, unless a later run dealt with them."""
    seen: set[str] = set()
    for record in records:
        if record.kind == RESTORE and record.status == SUCCEEDED:
            return
        for step in record.steps:
            if step.status == "planned" or step.label in seen:
                continue
            seen.add(step.label)
            if step.status in {RUNNING, FAILED} and record.status != RUNNING:
                yield record, step


def _is_settled(step: StepRecord, migrations: Migrations) -> bool:
    """Whether Django's records say that the step was completed after all."""
    is_recorded = (step.app_label, step.name) in migrations.recorded
    return is_recorded if step.direction == "forwards" else not is_recorded


def _half_done(
    record: RunRecord, step: StepRecord, database: Database, migrations: Migrations | None
) -> HalfDone | None:
    step = next(one for one in record.steps if one.label == step.label)
    operations, was_undone = tuple(_from_record(step)), False
    if migrations is not None and (migration := _same_file(step, migrations)):
        visible = visible_operations(migration, migrations, database, step.direction)
        operations = tuple(_from_file(step, migration, visible))
        was_undone = _was_undone(operations, visible)
    if was_undone or not any(one.state in {FINISHED, UNCLEAR} for one in operations):
        return None
    return HalfDone(
        run_id=record.id,
        migration=step.label,
        direction=step.direction,
        run_status=record.status,
        explanation=_explanation(step, operations),
        operations=operations,
        next_commands=tuple(_next_commands(record, step, operations, migrations)),
    )


# --- the operations ----------------------------------------------------------------------------------------------------------


def _same_file(step: StepRecord, migrations: Migrations) -> Migration | None:
    """Return the migration as it is on disk, if the operations that were recorded are still those of the file."""
    migration = migrations.files.get((step.app_label, step.name))
    if migration is None:
        return None
    known = {place: operation.describe() for place, operation in enumerate(migration.operations)}
    recorded = (one for one in step.operations if one.index >= 0)
    return migration if all(known.get(one.index) == one.description for one in recorded) else None


def _from_record(step: StepRecord) -> Iterator[OperationStatus]:
    for one in step.operations:
        state = FINISHED if one.finished else UNCLEAR
        yield OperationStatus(index=one.index, description=one.description, state=state)


def _from_file(
    step: StepRecord, migration: Migration, visible: dict[int, bool]
) -> Iterator[OperationStatus]:
    """Yield every operation in the order of the direction, the deferred SQL last if it had begun."""
    recorded = {one.index: one.finished for one in step.operations}
    places = list(range(len(migration.operations)))
    for place in places if step.direction == "forwards" else reversed(places):
        state = NOT_BEGUN
        if place in recorded:
            under_way = _left_under_way(migration, place, visible)
            state = FINISHED if recorded[place] else under_way
        description = migration.operations[place].describe()
        yield OperationStatus(index=place, description=description, state=state)
    yield from (one for one in _from_record(step) if one.index < 0)


def _left_under_way(migration: Migration, place: int, visible: dict[int, bool]) -> str:
    """Say what is left of an operation that was under way: what can be seen, or what its own transaction guarantees."""
    if visible.get(place) is False or _rows_rolled_back(migration, place):
        return NOTHING_LEFT
    return UNCLEAR


def _rows_rolled_back(migration: Migration, place: int) -> bool:
    """Whether the operation had a transaction of its own, as ``Migration.apply`` opens one, and changes rows only."""
    operation = migration.operations[place]
    if not isinstance(operation, RunPython):
        return False
    return bool(operation.atomic or (migration.atomic and operation.atomic is not False))


def _was_undone(operations: tuple[OperationStatus, ...], visible: dict[int, bool]) -> bool:
    """Whether the last finished operation whose effect can be seen is seen not to be there any more."""
    finished = [one.index for one in operations if one.state == FINISHED and one.index in visible]
    return bool(finished) and not visible[finished[-1]]


# --- what to do --------------------------------------------------------------------------------------------------------------


def _lacks_only_its_record(operations: tuple[OperationStatus, ...]) -> bool:
    return all(one.state == FINISHED for one in operations)


def _explanation(step: StepRecord, operations: tuple[OperationStatus, ...]) -> str:
    count = sum(one.state == FINISHED for one in operations)
    recorded = "not recorded" if step.direction == "forwards" else "still recorded as applied"
    if _lacks_only_its_record(operations):
        return f"{step.label}: all {count} operations are finished, and it is {recorded}."
    unclear = [one.description for one in operations if one.state == UNCLEAR]
    text = (
        f"{step.label}: {count} of {len(operations)} operations are finished, and it is {recorded}."
    )
    if unclear:
        text += f" It is not known how far this came: {'; '.join(unclear)}."
    return text


def _next_commands(
    record: RunRecord,
    step: StepRecord,
    operations: tuple[OperationStatus, ...],
    migrations: Migrations | None,
) -> Iterator[NextCommand]:
    database = on_database(record.database)
    target = step.name if step.direction == "forwards" else _before(step, migrations)
    fake = f"safemigrate {step.app_label} {target} --fake{database}"
    if _lacks_only_its_record(operations):
        yield NextCommand(command=fake, purpose="record what is in the database already")
    if record.backup:
        name = record.backup.get("name")
        restore = f"migrate_rollback --restore {name}{database}"
        yield NextCommand(
            command=restore, purpose="return to the backup made before; later changes are lost"
        )
    backwards = "" if step.direction == "forwards" else " --backwards"
    sql = f"sqlmigrate {step.app_label} {step.name}{backwards}{database}"
    yield NextCommand(command=sql, purpose="see the SQL of what is not finished, to do it by hand")
    if not _lacks_only_its_record(operations):
        yield NextCommand(command=fake, purpose="record it, once the rest was done by hand")


def _before(step: StepRecord, migrations: Migrations | None) -> str:
    """The migration of the same app that stays applied when this one is unapplied."""
    key = (step.app_label, step.name)
    if migrations is None or not migrations.has_graph or key not in migrations.loader.graph.nodes:
        return "PREVIOUS"
    parents = migrations.loader.graph.node_map[key].parents
    return next((one.key[1] for one in sorted(parents) if one.key[0] == key[0]), "zero")
