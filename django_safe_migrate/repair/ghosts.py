"""Migrations that are recorded as applied, and whose file is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.repair.problem import GHOSTS, Problem, Session
from django_safe_migrate.repair.recording import recorded
from django_safe_migrate.status.contents import GHOST
from django_safe_migrate.status.migrations import Migrations, per_app

if TYPE_CHECKING:
    from django_safe_migrate.status.contents import MigrationState


def find_ghosts(migrations: Migrations) -> Iterator[Problem]:
    """Yield the ghosts of installed apps; a record that files on disk still depend on is not one to be deleted."""
    for app in per_app(migrations, ()):
        for ghost in app.in_state(GHOST) if app.installed else ():
            yield _problem(ghost, _dependents(ghost, migrations))


def _problem(ghost: MigrationState, dependents: list[str]) -> Problem:
    found = f"{ghost.label} is recorded as applied, and its file is gone."
    if dependents:
        return Problem(
            action=GHOSTS,
            subject=ghost.label,
            found=found,
            remedy=f"Nothing: {', '.join(dependents)} depends on it. Bring the file back from version control.",
            next_command="migrate_status",
        )
    return Problem(
        action=GHOSTS,
        subject=ghost.label,
        found=found,
        remedy="Delete its record; what it did to the schema stays. If the file was deleted by mistake, bring it back instead.",
        repair=lambda session: _forget(session, ghost),
    )


def _dependents(ghost: MigrationState, migrations: Migrations) -> list[str]:
    key = (ghost.app_label, ghost.name)
    return sorted(
        ".".join(other) for other, one in migrations.files.items() if key in one.dependencies
    )


def _forget(session: Session, ghost: MigrationState) -> None:
    with recorded(session, GHOSTS) as done:
        MigrationRecorder(session.database.connection).record_unapplied(ghost.app_label, ghost.name)
        done(f"The record of {ghost.label}, which has no file, was deleted.")
