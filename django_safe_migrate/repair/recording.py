"""Repairs that carry out no migration, recorded like every run: journal, history and signals have each of their steps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_safe_migrate import conf, events, provenance
from django_safe_migrate.backups import get_backend
from django_safe_migrate.exceptions import Interrupted, SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.interrupts import StopRequested
from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from django_safe_migrate.record import FAILED, INTERRUPTED, SUCCEEDED, RunRecord
from django_safe_migrate.recorder import Recorder
from django_safe_migrate.repair.problem import Session, on_database
from django_safe_migrate.run import REPAIR

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_safe_migrate.databases import Database

STAGE = "execute"


@contextmanager
def recorded(
    session: Session, action: str, *, backup: bool = False
) -> Iterator[Callable[[str], None]]:
    """
    Record what the block does as a run of its own; the value is called with each thing that was done.

    With ``backup`` a verified backup is made first; without one the block is not entered.
    Whatever the block raises is recorded and goes on; a signal of the operating system becomes an ``Interrupted``.
    """
    database = session.database
    record = RunRecord(str(uuid.uuid4()))
    journal = Journal.open(record.id, database.alias)
    recorder = Recorder(record, journal, History(), session.listener)
    again = f"migrate_repair --{action}{on_database(database.alias)}"
    _announce(recorder, session, action)
    try:
        if backup:
            _back_up(recorder, database)
        yield lambda message: recorder.emit(events.NOTICE, message=message)
    except StopRequested as stop:
        error = Interrupted(
            f"The repair was stopped by {stop}.",
            signal_number=stop.number,
            changed=_done_so_far(record),
            next_command=again,
        )
        _finish(recorder, INTERRUPTED, error)
        raise error from None
    except SafeMigrateError as error:
        _finish(recorder, FAILED, error)
        raise
    except Exception as error:
        told = f"The repair failed: {describe(error)}"
        failed = SafeMigrateError(told, changed=_done_so_far(record), next_command=again)
        _finish(recorder, FAILED, failed)
        raise failed from error
    else:
        _finish(recorder, SUCCEEDED, None)
    finally:
        journal.close()


def _back_up(recorder: Recorder, database: Database) -> None:
    receipt = get_backend(conf.load()).create(database, run_id=recorder.record.id)
    recorder.emit(events.BACKUP_CREATED, receipt=receipt.told())


def _announce(recorder: Recorder, session: Session, action: str) -> None:
    database = session.database
    recorder.emit(
        events.RUN_STARTED,
        kind=REPAIR,
        database=database.alias,
        vendor=database.connection.vendor,
        server=database.server,
        options={
            "action": action,
            "force": session.ways.force,
            "lock_session": session.lock.session_name,
        },
        plan=[],
        **provenance.facts(conf.load().release),
    )


def _done_so_far(record: RunRecord) -> str:
    if not record.notices:
        return "The database was not changed."
    return f"The database was changed: {' '.join(record.notices)}"


def _finish(recorder: Recorder, status: str, error: SafeMigrateError | None) -> None:
    told = error.to_json() if error is not None else None
    recorder.emit(
        events.RUN_FINISHED, status=status, exit_code=error.exit_code if error else 0, error=told
    )
