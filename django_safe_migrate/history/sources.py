"""What the journals know and the tables do not: runs that were never written, went on elsewhere, or were killed."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator

from django_safe_migrate import journal
from django_safe_migrate.journal import JournalFile, processes
from django_safe_migrate.models import MigrationRun
from django_safe_migrate.record import CRASHED, RUNNING, RunRecord

#: How a run that ended by itself can end; nothing newer is to be learned of it.
FINAL = frozenset(MigrationRun.Status.values) - {RUNNING, CRASHED}


def newer_records(
    known: dict[str, str], files: list[JournalFile], held: Collection[str]
) -> Iterator[RunRecord]:
    """
    Yield the record of every journal that says more than ``known``, the statuses in the tables by run id.

    ``held`` names the databases whose run lock the caller holds: nobody else's run can be under way there.
    """
    for file in files:
        status = known.get(file.run_id)
        record = None if status in FINAL else current(file, held)
        if record is None or not says_more(record.status, status):
            continue
        if file.belongs_to(record.database):
            yield record


def says_more(status: str, known: str | None) -> bool:
    """Whether a record with a status tells more than the one with the status that is known, None for no record at all."""
    return known is None or (known not in FINAL and status not in {RUNNING, known})


def current(file: JournalFile, held: Collection[str]) -> RunRecord | None:
    """Return the record of a journal as things are now: a run without an end whose process is gone has crashed."""
    open_end = journal.look_for_end(file)
    if open_end is None or not _is_over(open_end.record, open_end.is_running, held):
        return file.record()
    # It may have ended between our reading and our looking for its process: read once more.
    open_end = journal.look_for_end(file)
    if open_end is None:
        return file.record()
    mark_crashed(open_end.record, open_end.last_seen)
    return open_end.record


def has_crashed(record: RunRecord, held: Collection[str]) -> bool:
    """Whether a run that never said that it ended cannot be under way any more."""
    started = (
        datetime.datetime.fromisoformat(record.started_at).timestamp() if record.started_at else 0.0
    )
    return _is_over(record, processes.is_alive(record.host, record.pid, started), held)


def last_seen(record: RunRecord) -> str:
    """Return the last moment that a record speaks of."""
    parts = [stage.started_at for stage in record.stages] + [
        step.started_at for step in record.steps
    ]
    return max([record.started_at, *parts])


def mark_crashed(record: RunRecord, last_seen: str) -> None:
    """Close the record of a run that was killed; ``last_seen`` is the moment of the last thing known of it."""
    record.status = CRASHED
    record.finished_at = last_seen
    if record.started_at and last_seen:
        ended, began = (
            datetime.datetime.fromisoformat(text) for text in (last_seen, record.started_at)
        )
        record.seconds = (ended - began).total_seconds()
    record.error = {
        "type": "Crashed",
        "message": f"Process {record.pid} on {record.host} ended without closing this run: it was killed, or its machine stopped.",
        "changed": _what_it_left(record),
        "next_command": f"migrate_status --database {record.database}",
    }


def _is_over(record: RunRecord, alive: bool | None, held: Collection[str]) -> bool:
    return record.database in held if alive is None else not alive


def _what_it_left(record: RunRecord) -> str:
    done = [step.label for step in record.steps_done]
    under_way = [step.label for step in record.steps if step.status == RUNNING]
    said = [f"{', '.join(done)} had been carried out."] if done else []
    if under_way:
        said.append(f"{', '.join(under_way)} was under way and may be part-way.")
    return " ".join(said) or "No migration had begun."
