"""Migrations that a run left in the middle: which of their operations are in the database, and how to go on."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.migrations.operations import RunPython

from django_safe_migrate.record import (
    FAILED,
    RUNNING,
    SUCCEEDED,
    OperationRecord,
    RunRecord,
    StepRecord,
)
from django_safe_migrate.run import REPAIR, RESTORE
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

#: A run, its step, and the runs that tried to repair that step later and did not come to an end, oldest first.
Candidate = tuple[RunRecord, StepRecord, tuple[RunRecord, ...]]


def has_candidates(records: list[RunRecord]) -> bool:
    """Whether looking closer can find anything; the records of a list of runs come without the operations of their steps."""
    return next(_candidates(records), None) is not None


def is_in_doubt(records: list[RunRecord], database: Database) -> bool:
    """Whether a run has left a step that no transaction undid; only the records are asked, not the catalogue."""
    return any(
        not (step.atomic and database.can_rollback_ddl) for _, step, _ in _candidates(records)
    )


def find_half_done(
    records: list[RunRecord], history: History, database: Database, migrations: Migrations | None
) -> Iterator[HalfDone]:
    """Yield the half-done migrations; without ``migrations`` (the database is down) what the journals alone tell."""
    whole: dict[str, RunRecord] = {}
    for record, step, repairs in _candidates(records):
        if step.atomic and database.can_rollback_ddl:
            continue
        if migrations is not None and _is_settled(step, migrations):
            continue
        if record.id not in whole:
            whole[record.id] = history.find(record.id) or record
        tried = [history.find(one.id) or one for one in repairs]
        step = _with_repairs(_same(step, whole[record.id]), tried, migrations)
        found = _half_done(whole[record.id], step, database, migrations)
        if found is not None:
            yield found


def _candidates(records: list[RunRecord]) -> Iterator[Candidate]:
    """Yield the steps that failed or were under way when their run ended, unless a later run dealt with them."""
    seen: set[str] = set()
    repairs: dict[str, tuple[RunRecord, ...]] = {}
    #: What began later was undone by a restore of a backup that was made then.
    until = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    for record in records:
        if record.kind == RESTORE and record.status == SUCCEEDED:
            made = (record.backup or {}).get("created_at")
            if not made:
                return
            until = min(until, _moment(made))
        for step in record.steps:
            if step.status == "planned" or step.label in seen or _moment(step.started_at) >= until:
                continue
            if record.kind == REPAIR and not step.is_done:
                # What it was to repair is still half done, and further on or back than the run before had left it.
                repairs[step.label] = (record, *repairs.get(step.label, ()))
                continue
            seen.add(step.label)
            if step.status in {RUNNING, FAILED} and record.status != RUNNING:
                yield record, step, repairs.get(step.label, ())


def _moment(text: str) -> datetime.datetime:
    """Return a moment of a record; one that is not known was before all others."""
    if not text:
        return datetime.datetime.min.replace(tzinfo=datetime.UTC)
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _same(step: StepRecord, record: RunRecord) -> StepRecord:
    return next(one for one in record.steps if one.label == step.label)


def _with_repairs(
    step: StepRecord, repairs: list[RunRecord], migrations: Migrations | None
) -> StepRecord:
    """Add what later repairs, which were broken off, did to the operations of a step."""
    migration = migrations and _same_file(step, migrations)
    operations: dict[int, OperationRecord] = {one.index: one for one in step.operations}
    for record in repairs:
        tried = _same(step, record)
        for one in tried.operations:
            if tried.direction == step.direction:
                operations[one.index] = one
            elif one.finished:
                operations.pop(one.index, None)
            elif one.left_nothing:
                continue
            elif not (migration and one.index >= 0 and _rows_rolled_back(migration, one.index)):
                # Else its transaction left it as it was before.
                operations[one.index] = one
    return dataclasses.replace(step, operations=list(operations.values()))


def _is_settled(step: StepRecord, migrations: Migrations) -> bool:
    """Whether Django's records say that the step was completed after all."""
    is_recorded = (step.app_label, step.name) in migrations.recorded
    return is_recorded if step.direction == "forwards" else not is_recorded


def _half_done(
    record: RunRecord, step: StepRecord, database: Database, migrations: Migrations | None
) -> HalfDone | None:
    operations, was_undone = tuple(_from_record(step)), False
    if migrations is not None and (migration := _same_file(step, migrations)):
        under_way = {one.index for one in step.operations if not one.finished}
        visible = visible_operations(migration, migrations, database, step.direction, under_way)
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
        state = FINISHED if one.finished else NOTHING_LEFT if one.left_nothing else UNCLEAR
        yield OperationStatus(index=one.index, description=one.description, state=state)


def _from_file(
    step: StepRecord, migration: Migration, visible: dict[int, bool]
) -> Iterator[OperationStatus]:
    """Yield every operation in the order of the direction, the deferred SQL last if it had begun."""
    recorded = {one.index: one for one in step.operations}
    last = step.operations[-1].index if step.operations else None
    places = list(range(len(migration.operations)))
    for place in places if step.direction == "forwards" else reversed(places):
        state = NOT_BEGUN
        if place in recorded:
            one = recorded[place]
            state = FINISHED if one.finished else _left_under_way(migration, one, visible)
            if place == last and one.finished and _rows_rolled_back(migration, place):
                # Noted inside of its own transaction, and nobody knows whether that was committed.
                state = UNCLEAR
        description = migration.operations[place].describe()
        yield OperationStatus(index=place, description=description, state=state)
    yield from (one for one in _from_record(step) if one.index < 0)


def _left_under_way(migration: Migration, one: OperationRecord, visible: dict[int, bool]) -> str:
    """Say what is left of an operation that was under way: what can be seen, was proven, or is guaranteed by its own transaction."""
    seen = visible.get(one.index)
    if seen is False or (one.left_nothing and not seen) or _rows_rolled_back(migration, one.index):
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
    if migrations is None or (step.app_label, step.name) in migrations.files:
        purpose = (
            "record what is in the database already"
            if _lacks_only_its_record(operations)
            else "finish it after the last finished operation; shows first what it would do"
        )
        yield NextCommand(command=f"migrate_repair --resume{database}", purpose=purpose)
        yield NextCommand(
            command=f"migrate_repair --revert{database}",
            purpose="undo what it did, last operation first",
        )
    if record.backup:
        name = record.backup.get("name")
        restore = f"migrate_rollback --restore {name}{database}"
        yield NextCommand(
            command=restore, purpose="return to the backup made before; later changes are lost"
        )
    backwards = "" if step.direction == "forwards" else " --backwards"
    sql = f"sqlmigrate {step.app_label} {step.name}{backwards}{database}"
    yield NextCommand(command=sql, purpose="see the SQL of the whole migration")
