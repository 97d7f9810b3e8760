"""What statements left that were broken off, by whatever program: shown, and brought to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.db import transaction

from django_safe_migrate.databases.broken_off import BrokenOff, find_broken_off, tables_of
from django_safe_migrate.exceptions import MigrationFailed, UnsafePlan
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.statements import shown
from django_safe_migrate.repair.problem import BROKEN_OFF, Problem, Session, on_database
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database


def broken_off_problems(found: Iterable[BrokenOff], database: Database) -> Iterator[Problem]:
    """Yield a problem for each thing that was broken off."""
    for one in found:
        yield _problem(one, database)


def _problem(one: BrokenOff, database: Database) -> Problem:
    alias = on_database(database.alias)
    return Problem(
        action=BROKEN_OFF,
        subject=one.table,
        found=one.found,
        remedy=one.remedy,
        statements=one.statements,
        next_command="" if one.statements else f"dbshell{alias}   (then migrate_repair{alias})",
        repair=(lambda session: _finish(session, one)) if one.statements else None,
    )


def _finish(session: Session, one: BrokenOff) -> None:
    database, ways = session.database, session.ways
    with recorded(session, BROKEN_OFF) as done:
        try:
            with (
                database.timeouts(ways.lock_timeout, ways.statement_timeout),
                transaction.atomic(database.alias),
            ):
                # Within the transaction, so that nobody can add a row between the proof and the statement that relies on it.
                if one not in _look(database):
                    raise _has_changed(database, one)
                with database.connection.cursor() as cursor:
                    for statement in one.statements:
                        cursor.execute(statement)
        except UnsafePlan:
            raise
        except Exception as error:
            raise _failed(database, one, describe(error)) from error
        for statement in one.statements:
            done(f"{one.table}: {shown(statement)}")
        if any(left.found == one.found for left in _look(database)):
            raise _failed(database, one, "it is found as before")


def _look(database: Database) -> tuple[BrokenOff, ...]:
    def tables() -> frozenset[str]:
        return tables_of(SafeMigrationExecutor(database.connection).current_state())

    return find_broken_off(database, tables)


def _has_changed(database: Database, one: BrokenOff) -> UnsafePlan:
    return UnsafePlan(
        f"{one.table} is not as it was when it was looked at: somebody changed it meanwhile.",
        changed="The database was not changed.",
        next_command=f"migrate_repair --{BROKEN_OFF}{on_database(database.alias)}",
    )


def _failed(database: Database, one: BrokenOff, reason: str) -> MigrationFailed:
    return MigrationFailed(
        f"{one.table} could not be brought to its end: {reason}",
        changed="The database was not changed: the statements were rolled back.",
        next_command=f"migrate_repair --{BROKEN_OFF} --dry-run{on_database(database.alias)}",
    )
