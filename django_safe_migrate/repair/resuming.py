"""
Carrying on by itself: what an earlier run left half done is brought to its end before the rest of a plan, where that is proven.

Proven is: the catalogue shows exactly so many operations and nothing of the next one, nothing in the journal contradicts it, and what code of the
project had done is still the code that is on disk. Anything less is a matter for a person, and for ``migrate_repair``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import Planned, plan_without
from django_safe_migrate.history import History
from django_safe_migrate.migration_source import digest
from django_safe_migrate.plan import source_file
from django_safe_migrate.repair.half_done import (
    Found,
    carry_out_half_done,
    ensure_quiet,
    find_half_done,
    irreversible,
    remedy,
    told,
)
from django_safe_migrate.repair.problem import RESUME, Session, Ways
from django_safe_migrate.run import ROLLBACK, Run, RunOptions
from django_safe_migrate.status import half_done_work
from django_safe_migrate.status import migrations as files

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database, RunLock
    from django_safe_migrate.pipeline import Request
    from django_safe_migrate.repair.course import Course
    from django_safe_migrate.status.migrations import Migrations

RULE = "half_done_migration"
#: Shown what would be carried on; answers whether that is done.
Agree = Callable[[str], bool]


@dataclasses.dataclass(frozen=True, slots=True)
class Resumption:
    """One half-done migration of a plan; ``reason`` says why it is not carried on by itself, empty when it is."""

    found: Found
    reason: str

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return self.found.half.migration

    @property
    def words(self) -> str:
        """What is so, and what is done about it, in sentences."""
        if self.reason:
            return (
                f"{self.label}: {told(self.found)} It is not carried on by itself: {self.reason}."
            )
        course = self.found.course
        assert course is not None  # noqa: S101 - without a course there is a reason
        what = remedy(course, self.found.position, forwards=_forwards(self.found))
        return f"{self.label}: {told(self.found)} It is carried on from there: {what}"


def resumptions(
    options: RunOptions, planned: Planned, database: Database
) -> tuple[Resumption, ...]:
    """Return the half-done migrations of a plan in its order; none when the options leave them alone."""
    if options.fake or RULE in options.allow or not half_done_work(database):
        return ()
    migrations = files.read(database.connection)
    places = {
        (f"{migration.app_label}.{migration.name}", not backwards): place
        for place, (migration, backwards) in enumerate(planned.plan)
    }
    found = [
        (places[key], Resumption(one, _out_of_order(one, migrations) or _reason(one)))
        for one in find_half_done(database, migrations, _ways(options))
        if (key := (one.half.migration, _forwards(one))) in places
    ]
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


def resume_first(request: Request, database: Database, lock: RunLock, agree: Agree) -> Request:
    """
    Carry on, under the run lock, what is half done of a request's plan; return the request for what is left then.

    All of it is proven, or nothing is touched and preflight stops the run.

    Raises:
        SafeMigrateError: carrying on failed, was not agreed to, or the server still executes a statement of the run that broke off.
    """
    options = request.options
    ensure_quiet(database)
    if not half_done_work(database):
        return request
    planned = request.planner(SafeMigrationExecutor(database.connection))
    work = resumptions(options, planned, database)
    if not work:
        return request
    if any(one.reason for one in work):
        notices = tuple(one.words for one in work if one.reason)
        return dataclasses.replace(request, notices=(*request.notices, *notices))
    if not agree("\n".join(one.words for one in work)):
        raise UnsafePlan(
            f"Carrying on with {', '.join(one.label for one in work)} was not confirmed.",
            next_command=f"migrate_repair --dry-run --database {database.alias}   (shows what is half done)",
        )
    session = Session(_ways(options), database, lock, request.surroundings, request.listener)
    labels = {one.label for one in work}
    rest = _rest(request, planned, labels)
    applied = SafeMigrationExecutor(database.connection).loader.applied_migrations
    # Whatever fails from here on, the command as a whole has failed.
    request = dataclasses.replace(
        request, applied_before=tuple(sorted(".".join(key) for key in applied))
    )
    for one in work:
        request = carry_on(one.label, session, request, planned)
    # A rehearsal is carried out on a copy of the database as it is now.
    backup = None if options.rehearse else request.backup
    return dataclasses.replace(request, backup=backup, planner=rest)


def _rest(request: Request, planned: Planned, labels: set[str]) -> Callable[..., Planned]:
    """Plan what is left. Going back, that is the plan from before without what is done: one step back is not one more step back."""
    if request.options.kind != ROLLBACK:
        return request.planner
    keys = [(one.app_label, one.name) for one, _ in planned.plan]
    left = [key for key in keys if ".".join(key) not in labels]
    return lambda executor: plan_without(executor, left)


def carry_on(label: str, session: Session, request: Request, planned: Planned) -> Request:
    """
    Carry one of a plan on, looked at again since those before it changed the schema.

    Returns the request for what follows, with its backup and a notice.
    """
    work = resumptions(request.options, planned, session.database)
    one = next((one for one in work if one.label == label), None)
    if one is None or one.reason:
        why = one.reason if one else "it is not half done any more"
        raise UnsafePlan(
            f"{label} is not as it was a moment ago: {why}.",
            next_command=f"migrate_repair --dry-run --database {session.database.alias}",
        )
    run: Run = carry_out_half_done(
        session, one.found, forwards=_forwards(one.found), notice=one.words, command=request
    )
    verb = "finished" if _forwards(one.found) else "unapplied"
    notice = f"{label}, which run {one.found.half.run_id[:8]} had left half done, was {verb} first, by run {run.record.id[:8]}."
    return dataclasses.replace(
        request, notices=(*request.notices, notice), backup=run.record.backup
    )


# --- whether it is proven ----------------------------------------------------------------------------------------------------


def _reason(found: Found) -> str:
    """Return why nobody can be sure where it stands, empty when it is proven."""
    course, position = found.course, found.position
    if position.reason or course is None:
        return position.reason
    if position.inside:
        return f"operation {position.point + 1} ({course.moves[position.point].operation.describe()}) has done part of its work"
    if not _forwards(found) and (blocked := irreversible(course, position)):
        return blocked
    if wrong := next(_changed(found, course), ""):
        return wrong
    code = [place for place in _done(found, course) if course.runs_code(place)]
    if code and _file_changed(found, course):
        return f"its file was changed since, and no catalogue shows what its operation {code[0] + 1} did"
    return ""


def _out_of_order(found: Found, migrations: Migrations) -> str:
    """Return which migrations would have to be applied, or unapplied, before this one."""
    app_label, _, name = found.half.migration.partition(".")
    node = migrations.loader.graph.node_map.get((app_label, name)) if migrations.has_graph else None
    applied = migrations.loader.applied_migrations
    if node is None:
        return ""
    if _forwards(found):
        wrong = sorted(".".join(one.key) for one in node.parents if one.key not in applied)
        return f"{', '.join(wrong)} comes before it and is not applied" if wrong else ""
    wrong = sorted(".".join(one.key) for one in node.children if one.key in applied)
    return f"{', '.join(wrong)} depends on it and is applied" if wrong else ""


def _changed(found: Found, course: Course) -> Iterator[str]:
    """The operations that the journal has, and the file has otherwise."""
    for one in found.half.operations:
        if one.index < 0:
            continue
        if one.index >= course.length:
            yield f"the file has no operation {one.index + 1} any more"
        elif course.moves[one.index].operation.describe() != one.description:
            yield f"operation {one.index + 1} was another one ({one.description}) when the run broke off"


def _done(found: Found, course: Course) -> range:
    """The places of the operations that the run has carried out, in its direction."""
    point = found.position.point
    return range(point) if _forwards(found) else range(point, course.length)


def _file_changed(found: Found, course: Course) -> bool:
    record = History().find(found.half.run_id)
    steps = record.steps if record is not None else []
    source = next((one.source for one in steps if one.label == found.half.migration), "")
    return not source or source != digest(source_file(course.migration))


def _forwards(found: Found) -> bool:
    return found.half.direction == "forwards"


def _ways(options: RunOptions) -> Ways:
    return Ways(
        database=options.database,
        actions=frozenset({RESUME}),
        backup=options.backup,
        lock_timeout=options.lock_timeout,
        statement_timeout=options.statement_timeout,
    )
