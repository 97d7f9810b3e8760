"""Scratch databases that killed restores, proofs and rehearsals left: found by their names, and dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.backups.abandoned import abandoned, drop_abandoned
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.repair.problem import SCRATCH, Problem, Repair, Session, on_database
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database


def find_scratch(database: Database) -> Iterator[Problem]:
    """Yield a problem for each database, or file, that nobody restores into any more."""
    for name in abandoned(database):
        yield Problem(
            action=SCRATCH,
            subject=name,
            found="A killed restore, proof or rehearsal left it; the process that made it is gone.",
            remedy="Drop it. It never was the real database.",
            repair=_dropping(name),
        )


def _dropping(name: str) -> Repair:
    def drop(session: Session) -> None:
        with recorded(session, SCRATCH) as done:
            if not drop_abandoned(session.database, name):
                raise SafeMigrateError(
                    f"{name} could not be dropped: it belongs to another role, or somebody is connected to it.",
                    changed="The database was not changed.",
                    next_command=f"migrate_repair --{SCRATCH}{on_database(session.database.alias)}",
                )
            done(f"{name}, which a killed process had left, was dropped.")

    return drop
