"""
Health checks of migrations, for the project's own ``HealthCheckView`` of django-health-check.

Name them by path where the view takes its checks: ``"django_safe_migrate.health.PendingMigrations"``, or with options as
``("django_safe_migrate.health.ProvenBackup", {"older_than": "3d"})``. Each looks at one database, changes nothing, and closes the connection
that it opened. What it says names migrations, tables and backups, never values.
"""

from __future__ import annotations

import abc
import dataclasses
import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable, ServiceWarning

from django_safe_migrate import record, values
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import LockNotAcquired, SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.repair import Ways, diagnose
from django_safe_migrate.repair.problem import SCHEMA
from django_safe_migrate.status import Status, collect
from django_safe_migrate.status.contents import HELD

__all__ = [
    "HalfDoneMigrations",
    "LastRun",
    "PendingMigrations",
    "ProvenBackup",
    "SchemaDrift",
    "StuckRun",
]

#: Names that are shown of a list.
_MOST_NAMED = 5
#: How runs end that did not succeed, in words.
_ENDS = {record.FAILED: "a failure", record.INTERRUPTED: "interrupted", record.CRASHED: "killed"}


@dataclasses.dataclass
class MigrationHealthCheck(HealthCheck, abc.ABC):  # type: ignore[misc]
    """
    What these checks share.

    Args:
        database: the alias of the database to look at.
    """

    database: str = DEFAULT_DB_ALIAS
    timeout = datetime.timedelta(seconds=15)

    def run(self) -> None:
        """
        Look, in the thread that calls.

        Raises:
            ServiceUnavailable: something needs somebody's hand, or it could not be found out.
            ServiceWarning: something will need it.
        """
        with _explained(self.database):
            self.look()

    @abc.abstractmethod
    def look(self) -> None:
        """Raise when something is wrong."""


@dataclasses.dataclass
class PendingMigrations(MigrationHealthCheck):
    """Fails while migrations of the code that runs are not applied."""

    def look(self) -> None:
        """Raise when migrations are pending."""
        pending = _status(self.database).pending
        if pending:
            raise ServiceUnavailable(
                f"{_count(len(pending), 'migration')} pending: {_named(pending)}"
            )


@dataclasses.dataclass
class HalfDoneMigrations(MigrationHealthCheck):
    """Fails when a run has left a migration half done, or an index that the server does not use."""

    def look(self) -> None:
        """Raise when something is half done."""
        status = _status(self.database)
        half_done = tuple(one.migration for one in status.half_done)
        if half_done:
            raise ServiceUnavailable(
                f"{_count(len(half_done), 'migration')} half done: {_named(half_done)}; see migrate_repair"
            )
        if status.invalid_indexes:
            raise ServiceWarning(
                f"{_count(len(status.invalid_indexes), 'index', 'indexes')} not used, since a build failed: {_named(status.invalid_indexes)}; "
                "see migrate_repair"
            )


@dataclasses.dataclass
class LastRun(MigrationHealthCheck):
    """Fails when the last run on the database did not succeed."""

    def look(self) -> None:
        """Raise when the last run failed, was interrupted or crashed."""
        runs = [run for run in _status(self.database).runs if run.status != record.RUNNING]
        if runs and runs[0].status != record.SUCCEEDED:
            raise ServiceUnavailable(
                f"The last run ({runs[0].kind}, {runs[0].started_at[:16]} UTC) was {_ENDS.get(runs[0].status, runs[0].status)}; see migrate_status"
            )


@dataclasses.dataclass
class StuckRun(MigrationHealthCheck):
    """
    Fails when a run goes on for too long, or the run lock is held and no run is under way.

    Args:
        longer_than: seconds, or a duration such as ``"2h"``.
    """

    longer_than: float | str = "1h"

    def look(self) -> None:
        """Raise when a run is stuck."""
        status, most = _status(self.database), values.duration(self.longer_than)
        for one in status.under_way:
            if one.seconds > most:
                raise ServiceUnavailable(
                    f"Run {one.run.id[:8]} goes on for {one.seconds / 60:.0f} min, in {one.migration or one.stage}; see migrate_status --watch"
                )
        if status.lock.state == HELD and not status.under_way:
            raise ServiceWarning(
                f"The run lock is held and no run is under way: {status.lock.detail}; see migrate_repair --unlock"
            )


@dataclasses.dataclass
class ProvenBackup(MigrationHealthCheck):
    """
    Fails when the newest sound backup is too old.

    Args:
        older_than: seconds, or a duration such as ``"7d"``.
        restored: whether only backups count that were proven by restoring them.
    """

    older_than: float | str = "7d"
    restored: bool = True

    def look(self) -> None:
        """Raise when there is no such backup, or it is too old."""
        backups = [one for one in get_backend().list(self.database) if one.is_verified]
        moments = [one.proven_at if self.restored else one.verified_at for one in backups]
        newest = max((moment for moment in moments if moment), default="")
        what = "proven by restoring it" if self.restored else "verified"
        if not newest:
            raise ServiceUnavailable(f"No backup of database {self.database!r} was {what}")
        age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(newest)
        if age.total_seconds() > values.duration(self.older_than):
            raise ServiceWarning(
                f"The last backup of database {self.database!r} that was {what} is of {newest[:16]} UTC, {age.total_seconds() / 3600:.0f} h ago"
            )


@dataclasses.dataclass
class SchemaDrift(MigrationHealthCheck):
    """Fails when tables are not what the applied migrations made of them; reads the whole catalogue, so ask it seldom."""

    timeout = datetime.timedelta(seconds=60)

    def look(self) -> None:
        """Raise when a table differs."""
        database = get_database(connections[self.database])
        try:
            found = diagnose(database, Ways(database=self.database, actions=frozenset({SCHEMA})))
        except LockNotAcquired:
            # A run is under way, and the tables are what it has made of them so far.
            return
        tables = tuple(problem.subject for problem in found)
        if tables:
            them = "it" if len(tables) == 1 else "them"
            raise ServiceWarning(
                f"{_count(len(tables), 'table')} not as the migrations made {them}: {_named(tables)}; see migrate_repair --schema"
            )


def _status(database: str) -> Status:
    status = collect(database, limit=2)
    if status.unreachable:
        raise ServiceUnavailable(f"Database {database!r} cannot be reached: {status.unreachable}")
    return status


@contextmanager
def _explained(database: str) -> Iterator[None]:
    """Turn what escapes into words, which django-health-check would hide, and close a connection that was not open before."""
    was_open = connections[database].connection is not None
    try:
        yield
    except (SafeMigrateError, ImproperlyConfigured) as error:
        raise ServiceUnavailable(getattr(error, "message", str(error))) from error
    except (DatabaseError, InterfaceError) as error:
        raise ServiceUnavailable(describe(error)) from error
    finally:
        if not was_open:
            connections[database].close()


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun} is" if number == 1 else f"{number} {plural or f'{noun}s'} are"


def _named(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
