"""What of a status is shown to people, and in which order: titles, headings and rows of text."""

from __future__ import annotations

import dataclasses
import datetime
import shlex
import socket
from collections.abc import Iterable, Iterator

from django.utils import timezone

from django_safe_migrate import conf
from django_safe_migrate.record import CRASHED
from django_safe_migrate.reports import point_in_time, units
from django_safe_migrate.reports.console import printable
from django_safe_migrate.status import words
from django_safe_migrate.status.contents import (
    APPLIED,
    FREE,
    GHOST,
    HELD,
    PENDING,
    AppStatus,
    MigrationState,
    NextCommand,
    Progress,
    RunSummary,
    Status,
)

OVERVIEW = "overview"
ONLY_PENDING = "pending"
HISTORY = "history"
#: What `--check` prints above its reasons.
HEADLINE = "headline"

#: So many pending migrations are named in the overview.
MANY = 20
_RUN_HEADINGS = ("run", "kind", "status", "started", "duration", "migrations", "who", "error")
_PENDING_TITLE = "Pending, in the order in which they would be applied"


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A title, the headings of columns (none for a plain list) and the rows; the last column may be long."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(status: Status, view: str, *, detailed: bool) -> Iterator[Section]:
    """Yield the parts of a view that have something to say."""
    for section in _VIEWS[view](status, detailed):
        if section.rows:
            rows = tuple(tuple(printable(cell) for cell in row) for row in section.rows)
            yield dataclasses.replace(section, rows=rows)


def _overview(status: Status, detailed: bool) -> Iterator[Section]:
    yield from _trouble(status)
    yield from _under_way(status)
    yield from _next_pending(status)
    headings = ("app", "applied", "pending", "faked", "squashed", "ghost", "last applied")
    yield Section("Migrations", headings, tuple(_app_rows(status.apps)))
    if detailed:
        rows = tuple(_migration_rows(status.migrations))
        yield Section("Every migration", ("migration", "state", "applied at", "remarks"), rows)
    else:
        yield from _noteworthy(status)
    yield Section("Run lock", (), (tuple(_lock(status)),))
    yield from _history(status, detailed)


def _trouble(status: Status) -> Iterator[Section]:
    """What somebody must look at."""
    if status.unreachable:
        yield Section("The database cannot be reached", (), ((status.unreachable,),))
    yield Section("Problems", (), tuple((problem,) for problem in status.problems))
    for half in status.half_done:
        title = f"Half done: {half.migration} ({half.direction}, run {half.run_id[:8]})"
        yield Section(title, (), ((half.explanation,),))
        operations = tuple(
            (one.state, str(one.index + 1) if one.index >= 0 else "", one.description)
            for one in half.operations
        )
        yield Section("Its operations", ("state", "no.", "operation"), operations)
        yield _commands(half.next_commands)
    told = {half.run_id for half in status.half_done}
    for dead in status.dead_runs:
        yield Section(f"Killed: run {dead.run.id}", (), tuple(_dead(dead.explanation, dead.stage)))
        if dead.run.id not in told:
            yield _commands(dead.next_commands)
    ghosts = tuple(
        (ghost.label, _moment(ghost.applied_at), "its file is gone") for ghost in status.ghosts
    )
    yield Section("Ghosts: recorded as applied, without a file", (), ghosts)
    if status.ghosts:
        yield _commands(_ghost_commands(status))
    yield Section(
        "Invalid indexes: there, and not used", (), tuple((one,) for one in status.invalid_indexes)
    )
    if status.invalid_indexes:
        yield _commands(_index_commands(status))


def _dead(explanation: str, stage: str) -> Iterator[tuple[str, ...]]:
    yield (explanation,)
    if stage:
        yield (f"It had come to stage {stage}.",)


def _ghost_commands(status: Status) -> Iterator[NextCommand]:
    yield NextCommand(
        command=f"migrate_repair --ghosts{_on_database(status)}",
        purpose="delete the records, if the files were squashed; else bring the files back",
    )


def _index_commands(status: Status) -> Iterator[NextCommand]:
    yield NextCommand(
        command=f"migrate_repair --invalid-indexes{_on_database(status)}",
        purpose="build them anew or drop them, concurrently",
    )


def _on_database(status: Status) -> str:
    return "" if status.database == "default" else f" --database {status.database}"


def _commands(commands: Iterable[NextCommand]) -> Section:
    rows = ((f"python manage.py {one.command}", one.purpose) for one in commands)
    return Section("Next", (), tuple(rows))


def _under_way(status: Status) -> Iterator[Section]:
    rows = tuple(
        (
            progress.run.id,
            progress.stage,
            progress.migration,
            progress.operation,
            units.duration(progress.seconds),
            f"{progress.run.who} on {progress.run.host}, process {progress.run.pid}",
            _meanwhile(progress),
        )
        for progress in status.under_way
    )
    headings: tuple[str, ...] = ("run", "stage", "migration", "operation", "since", "who")
    if any(row[-1] for row in rows):
        headings = (*headings, "meanwhile")
    yield Section("Under way", headings, tuple(row[: len(headings)] for row in rows))
    yield Section("To stop it, with its statement", (), tuple(_how_to_stop(status)))


def _how_to_stop(status: Status) -> Iterator[tuple[str, ...]]:
    """The command that stops a run of this machine, whose folder of journals is here."""
    path = conf.stop_file(conf.load())
    if path is not None and any(one.run.host == socket.gethostname() for one in status.under_way):
        yield (f"echo 'the reason' > {shlex.quote(str(path))}",)


def _meanwhile(progress: Progress) -> str:
    """How much is done, how long it will take, and what the monitor saw."""
    told = progress.left_seconds is not None and progress.share is not None
    parts = [f"{progress.share:.0%}" if told else "", progress.left, progress.meanwhile]
    return "; ".join(part for part in parts if part)


def _pending(status: Status, detailed: bool) -> Iterator[Section]:
    rows = tuple((label,) for label in status.pending)
    yield Section(_PENDING_TITLE, (), rows or (("none",),))


def _next_pending(status: Status) -> Iterator[Section]:
    """The pending migrations, of a long list only its beginning."""
    rows = [(label,) for label in status.pending]
    if len(rows) > MANY:
        hidden = units.number(len(rows) - MANY + 1, "more", "more")
        rows[MANY - 1 :] = [(f"and {hidden}: python manage.py migrate_status --pending",)]
    yield Section(_PENDING_TITLE, (), tuple(rows))


def _app_rows(apps: Iterable[AppStatus]) -> Iterator[tuple[str, ...]]:
    for app in apps:
        applied = app.in_state(APPLIED)
        counts = (applied, app.in_state(PENDING), app.faked, app.squashed, app.in_state(GHOST))
        name = app.label if app.installed else f"{app.label} (not installed)"
        last = max(applied, key=lambda one: (one.applied_at, one.name)).name if applied else ""
        yield (name, *(f"{len(one):,}" if one else "-" for one in counts), last)


def _noteworthy(status: Status) -> Iterator[Section]:
    """Migrations that are neither simply applied nor simply pending."""
    found = (
        one
        for one in status.migrations
        if one.faked or one.replaces or one.replaced_by or one.state not in {APPLIED, PENDING}
    )
    rows = tuple(_migration_rows(one for one in found if one not in status.ghosts))
    yield Section("Of note", ("migration", "state", "applied at", "remarks"), rows)


def _migration_rows(migrations: Iterable[MigrationState]) -> Iterator[tuple[str, ...]]:
    for one in migrations:
        yield one.label, one.state, _moment(one.applied_at), "; ".join(_remarks(one))


def _remarks(migration: MigrationState) -> Iterator[str]:
    if migration.faked:
        yield "recorded without being carried out (--fake)"
    if migration.replaces:
        count = units.number(len(migration.replaces), "migration")
        yield f"squashed from {count}"
        if migration.state == APPLIED and not migration.recorded:
            yield "not recorded yet: the next run does that"
        if migration.state == "unusable":
            yield "only some of them are applied, so they are used instead of it"
    if migration.replaced_by:
        yield f"replaced by {migration.replaced_by}"


def _lock(status: Status) -> Iterator[str]:
    yield status.lock.state
    if status.lock.state == HELD:
        yield f"by {status.lock.detail}"
    elif status.lock.state != FREE:
        yield status.lock.detail


def _history(status: Status, detailed: bool) -> Iterator[Section]:
    headings: tuple[str, ...] = _RUN_HEADINGS
    rows = tuple(_run_row(run, detailed) for run in status.runs)
    if not any(row[-1] for row in rows):
        headings, rows = headings[:-1], tuple(row[:-1] for row in rows)
    yield Section("Last runs, newest first", headings, rows)
    if detailed:
        yield from _points(status)
    if status.history_unavailable:
        yield Section("History", (), ((_no_history(status),),))


def _points(status: Status) -> Iterator[Section]:
    """The points in time that each run has left."""
    for run in status.runs:
        found = point_in_time.from_json(run.point_in_time)
        for told in point_in_time.sentences(found):
            rows = ((told,), *point_in_time.rows(found))
            yield Section(f"Point in time of run {run.id[:8]}", (), rows)


def _run_row(run: RunSummary, detailed: bool) -> tuple[str, ...]:
    was_killed = run.status == CRASHED
    return (
        run.id if detailed else run.id[:8],
        run.kind,
        "killed" if was_killed else run.status,
        f"{_moment(run.started_at)} ({words.ago(run.started_at)})",
        "" if was_killed else units.duration(run.seconds),
        f"{run.done} of {run.planned}",
        f"{run.who}@{run.host}",
        "" if was_killed else run.error,
    )


def _no_history(status: Status) -> str:
    """Say why runs may be missing; before our own migrations are applied that is no cause for concern."""
    is_new = any(label.startswith("django_safe_migrate.") for label in status.pending)
    reason = "Its tables do not exist yet." if is_new else status.history_unavailable
    return f"{reason} Runs are shown as far as the journals tell."


def _only_history(status: Status, detailed: bool) -> Iterator[Section]:
    yield from _history(status, True)
    if not status.runs:
        yield Section("Last runs, newest first", (), (("none",),))


def _nothing(status: Status, detailed: bool) -> Iterator[Section]:
    return iter(())


_VIEWS = {OVERVIEW: _overview, ONLY_PENDING: _pending, HISTORY: _only_history, HEADLINE: _nothing}


def _moment(text: str) -> str:
    """A moment in ISO 8601 as local time, to the second."""
    if not text:
        return ""
    moment = datetime.datetime.fromisoformat(text)
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return timezone.localtime(aware).strftime("%Y-%m-%d %H:%M:%S")
