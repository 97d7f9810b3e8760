"""How long the locks of a migration are held: each to the end of its statement, or of the transaction that it is part of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.forecast.document import ForecastLock, Lasting, Work
from django_safe_migrate.databases.facts import Blocking, strongest
from django_safe_migrate.databases.statements import ChangeRows
from django_safe_migrate.findings import Estimate

if TYPE_CHECKING:
    from django_safe_migrate.databases.facts import Facts, TableLock


@dataclasses.dataclass(frozen=True, slots=True)
class Executed:
    """A statement with its facts, and how long it works on the tables as they are; None when that is not known."""

    facts: Facts
    estimate: Estimate | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """What is kept of a statement: its locks, what it works through, how long that takes."""

    locks: tuple[TableLock, ...]
    works: tuple[Work, ...]
    estimate: Estimate | None
    certain: bool


def locks_of(executed: Sequence[Executed], *, atomic: bool) -> tuple[ForecastLock, ...]:
    """
    Return the locks of statements, for each table the strongest, and weaker ones that last longer; the most harmful ones first.

    Args:
        executed: in order.
        atomic: whether all of them are one transaction, which holds a lock until it ends.
    """
    found: dict[tuple[str, Blocking], ForecastLock] = {}
    for segment in _segments(executed, atomic=atomic):
        for lock in _of_segment(segment):
            key = lock.lock.table, lock.lock.blocking
            known = found.get(key)
            if known is None or lock.rank > known.rank:
                found[key] = lock
    telling = [lock for lock in found.values() if not _is_outdone(lock, found.values())]
    return tuple(sorted(telling, key=lambda lock: lock.rank, reverse=True))


def works_of(facts: Facts) -> tuple[Work, ...]:
    """Return what a statement works through, for each table the longest; what is not known of it comes last."""
    found: dict[str, Lasting] = {}
    for tables, lasting in (
        (facts.scans, Lasting.READ),
        ((build.table for build in facts.index_builds), Lasting.INDEX_BUILD),
        (facts.rewrites, Lasting.REWRITE),
    ):
        found.update(dict.fromkeys(tables, lasting))
    statement = facts.statement
    if isinstance(statement, ChangeRows):
        if statement.table in found:
            found[statement.table] = Lasting.CHANGE
        elif statement.conditional:
            found[statement.table] = Lasting.UNKNOWN
    works = [Work(lasting, table) for table, lasting in found.items()]
    if facts.unknown and not works:
        works.append(Work(Lasting.UNKNOWN))
    return tuple(works)


def together(estimates: Iterable[Estimate | None]) -> Estimate | None:
    """Return what several cost one after the other, None when one of them is not known; rows and bytes are those of the largest."""
    known = list(estimates)
    found = [one for one in known if one is not None]
    if not found or len(found) < len(known):
        return None
    return Estimate(
        seconds=sum(one.seconds for one in found),
        rows=max(one.rows for one in found),
        bytes=max(one.bytes for one in found),
        written_bytes=sum(one.written_bytes for one in found),
        measured=all(one.measured for one in found),
    )


def _segments(executed: Sequence[Executed], *, atomic: bool) -> Iterator[list[_Step]]:
    """The statements by transaction."""
    segment: list[_Step] = []
    for one in executed:
        facts = one.facts
        segment.append(_Step(facts.locks, works_of(facts), one.estimate, not facts.unknown))
        if facts.commits or not atomic:
            yield segment
            segment = []
    if segment:
        yield segment


def _of_segment(segment: Sequence[_Step]) -> Iterator[ForecastLock]:
    """The first lock on each table of each kind, down to the end of the transaction; a later one that is as strong ends no later."""
    taken: dict[str, Blocking] = {}
    for place, step in enumerate(segment):
        for lock in step.locks:
            if lock.table not in taken or lock.blocking > taken[lock.table]:
                taken[lock.table] = lock.blocking
                yield _held(lock, segment[place:])


def _held(lock: TableLock, steps: Sequence[_Step]) -> ForecastLock:
    later = [one for step in steps[1:] for one in step.locks if one.table == lock.table]
    same = [one for one in later if one.blocking == lock.blocking]
    working = [step for step in steps if step.works]
    works = dict.fromkeys(work for step in working for work in step.works)
    return ForecastLock(
        lock=strongest((lock, *same))[0],
        works=tuple(works),
        held=any(step.works for step in steps[1:]),
        certain=steps[0].certain,
        estimate=together(step.estimate for step in working),
    )


def _is_outdone(lock: ForecastLock, locks: Iterable[ForecastLock]) -> bool:
    """Whether a stronger lock on the same table lasts at least as long."""
    return any(
        other.lock.table == lock.lock.table
        and other.lock.blocking > lock.lock.blocking
        and set(lock.works) <= set(other.works)
        for other in locks
    )
