"""
How far a half-done migration has come: by the catalogue, then by what the journal proves, then by what a person says.

The journal proves that an operation is finished when a later one had begun, or when it has no transaction of its own that may not have
been committed; it proves that one was not begun only when nothing of it can be missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.repair.facets import Facet, Kind
from django_safe_migrate.status.contents import FINISHED, NOT_BEGUN, NOTHING_LEFT, HalfDone

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.repair.course import Course
    from django_safe_migrate.repair.present import Present


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """Which operations, by place, are said to be in the database and which are not."""

    done: frozenset[int] = frozenset()
    not_done: frozenset[int] = frozenset()

    def allows(self, point: int) -> bool:
        """Whether a point agrees with it."""
        return all(point > place for place in self.done) and all(
            point <= place for place in self.not_done
        )

    def without(self, places: Collection[int]) -> Known:
        """Return the same without what it says of some operations."""
        return Known(self.done - set(places), self.not_done - set(places))


NOTHING_KNOWN = Known()


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """
    Where a migration stands: ``point`` operations are in the database.

    ``inside`` says that a part of the next one is as well, of which ``lacking`` is missing. ``unclear`` are the operations of which
    nobody knows whether they are; ``reason`` says why no position can be told, in one sentence.
    """

    point: int = 0
    inside: bool = False
    lacking: frozenset[Facet] = frozenset()
    unclear: tuple[int, ...] = ()
    reason: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it is certain."""
        return not self.reason


def locate(
    course: Course,
    present: Present,
    database: Database,
    told: Known = NOTHING_KNOWN,
    assumed: Known = NOTHING_KNOWN,
) -> Position:
    """
    Return where a migration stands.

    Args:
        course: the migration's.
        present: what the database has.
        database: the same, to be asked what Django would write.
        told: what the journal proves.
        assumed: what a person has said of single operations; it goes before the journal, never before the catalogue.

    Raises:
        UnsafePlan: the assumptions contradict the catalogue.
    """
    _check_numbers(course, assumed)
    there = course.there(present)
    points = [k for k in range(course.length + 1) if course.matches(k, there)]
    allowed = [k for k in points if assumed.allows(k)]
    if points and not allowed:
        raise UnsafePlan(
            f"{_label(course)}: what --assume-done and --assume-not-done say contradicts the catalogue, which shows "
            f"{_points(points)} of {course.length} operations."
        )
    if not points:
        return _inside(course, there, assumed, told)
    agreeing = [k for k in allowed if told.without(assumed.done | assumed.not_done).allows(k)]
    if not agreeing:
        return _disagreement(course, allowed)
    return _narrowed(course, agreeing, database)


def _disagreement(course: Course, points: list[int]) -> Position:
    reason = (
        f"the journal and the catalogue disagree: the catalogue shows {_points(points)} of {course.length} operations "
        "in the database, the journal something else"
    )
    unclear = _between(points, frozenset()) or _all(course)
    return Position(points[0], unclear=unclear, reason=reason)


def _check_numbers(course: Course, assumed: Known) -> None:
    wrong = [place + 1 for place in assumed.done | assumed.not_done if place >= course.length]
    if wrong:
        raise UnsafePlan(
            f"{_label(course)} has {course.length} operations; there is no number {min(wrong)}.",
        )


def _narrowed(course: Course, points: list[int], database: Database) -> Position:
    if len(points) == 1:
        return Position(points[0])
    unclear = _between(points, course.without_effect(database))
    if not unclear:
        return Position(points[-1])
    reason = f"no catalogue shows whether {_described(course, unclear)} was carried out"
    return Position(points[0], unclear=unclear, reason=reason)


def _inside(course: Course, there: frozenset[Facet], assumed: Known, told: Known) -> Position:
    """Find the operation that has done part of its work; nothing else explains what is there."""
    points = [
        k
        for k in range(course.length)
        if course.is_between(k, there) and assumed.allows(k) and told.allows(k)
    ]
    if len(points) != 1:
        wrong = sorted(facet.words for facet in there ^ (course.points[-1] & course.varying))
        return Position(
            reason="what is in the database is not what any number of its operations makes; "
            f"compared with all of them, these differ: {'; '.join(wrong[:5])}"
        )
    point = points[0]
    after, before = course.points[point + 1], course.points[point]
    if (before - after) & there or course.runs_code(point):
        text = course.moves[point].operation.describe()
        return Position(
            point,
            inside=True,
            reason=f"operation {point + 1} ({text}) has done part of its work, which can be neither finished nor undone alone",
        )
    lacking = (after & course.varying) - there - course.later
    if types := _other_types(lacking):
        return Position(point, inside=True, reason=f"a column is there with another type: {types}")
    return Position(point, inside=True, lacking=lacking)


def _other_types(lacking: frozenset[Facet]) -> str:
    columns = {(one.table, one.columns) for one in lacking if one.kind is Kind.COLUMN}
    return ", ".join(
        sorted(
            f"{one.table}.{one.columns[0]} is not {one.value}"
            for one in lacking
            if one.kind is Kind.TYPE and (one.table, one.columns) not in columns
        )
    )


def from_journal(half: HalfDone, course: Course, *, complete: bool) -> Known:
    """
    Return what the journal proves of a half-done migration.

    Args:
        half: with the operations as they were noted, in the order of the run.
        course: the migration's.
        complete: whether nothing can be missing in what was noted: the journal is here, or the run ended by itself.
    """
    operations = half.operations
    begun = [one.state != NOT_BEGUN for one in operations]
    reached, missed = set(), set()
    for number, one in enumerate(operations):
        if not 0 <= one.index < course.length:
            continue
        if one.state == FINISHED and (
            any(begun[number + 1 :]) or not _has_transaction(course, one.index)
        ):
            reached.add(one.index)
        elif one.state == NOTHING_LEFT or (one.state == NOT_BEGUN and complete):
            missed.add(one.index)
    if half.direction == "forwards":
        return Known(frozenset(reached), frozenset(missed))
    return Known(frozenset(missed), frozenset(reached))


def _has_transaction(course: Course, place: int) -> bool:
    """Whether Django puts a transaction of its own around an operation: it is committed after the journal is written."""
    operation = course.moves[place].operation
    return bool(operation.atomic or (course.migration.atomic and operation.atomic is not False))


def _between(points: list[int], without_effect: frozenset[int]) -> tuple[int, ...]:
    return tuple(k for k in range(points[0], points[-1]) if k not in without_effect)


def _all(course: Course) -> tuple[int, ...]:
    return tuple(range(course.length))


def _label(course: Course) -> str:
    return f"{course.migration.app_label}.{course.migration.name}"


def _points(points: list[int]) -> str:
    return str(points[0]) if len(points) == 1 else f"{points[0]} to {points[-1]}"


def _described(course: Course, places: tuple[int, ...]) -> str:
    named = (f"operation {k + 1} ({course.moves[k].operation.describe()})" for k in places)
    return ", ".join(named)
