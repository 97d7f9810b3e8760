from __future__ import annotations

import pytest
from django.db import OperationalError

from django_safe_migrate import events
from django_safe_migrate.databases import Database
from django_safe_migrate.databases.positions import PointInTime, Position
from django_safe_migrate.execution.positions import ALWAYS, AUTO, NEVER, Positions

pytestmark = pytest.mark.vendors("sqlite")

RUN = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"


class Logged(Database):
    """A database whose log is given: a position, None, or an error."""

    answer: Position | Exception | None = None

    def point_in_time(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return PointInTime(possible=True, why="It is logged.")

    def position(self, name="", *, always=False):
        if isinstance(self.answer, Exception):
            raise self.answer
        asked = Position(log="WAL", at="always" if always else "auto", name=name)
        return asked if self.answer is None else self.answer


@pytest.fixture
def recorded(connection):
    """Record positions: `recorded(answer, when)` returns what was returned and what was emitted."""

    def record(answer=None, when=AUTO):
        database, told = Logged(connection), []
        database.answer = answer
        positions = Positions(
            database, lambda name, **payload: told.append((name, payload)), RUN, when
        )
        reachable = positions.before()
        positions.after(0)
        positions.after(1)
        return reachable, told

    return record


@pytest.mark.parametrize("when", [AUTO, ALWAYS])
def test_one_before_and_one_after_each(recorded, when):
    reachable, told = recorded(when=when)
    assert reachable == {"possible": True, "why": "It is logged."}
    assert [(name, payload["index"]) for name, payload in told] == [
        (events.POSITION_RECORDED, None),
        (events.POSITION_RECORDED, 0),
        (events.POSITION_RECORDED, 1),
    ]
    assert [(one["position"]["at"], one["position"]["name"]) for _, one in told] == [
        (when, "safe_migrate_0a1b2c3d4e5f_before"),
        (when, "safe_migrate_0a1b2c3d4e5f_after_1"),
        (when, "safe_migrate_0a1b2c3d4e5f_after_2"),
    ]


def test_switched_off(recorded):
    assert recorded(when=NEVER) == (None, [])


def test_why_there_are_no_names_is_told_once(recorded):
    _, told = recorded(Position(log="WAL", at="0/1", remark="nobody may"))
    notices = [payload["message"] for name, payload in told if name == events.NOTICE]
    assert notices == ["Positions are recorded without restore points: nobody may."]
    assert len(told) == 4


def test_an_error_is_told_once_and_fails_nothing(recorded):
    reachable, told = recorded(OperationalError("the connection is gone"))
    assert reachable is None
    ((name, payload),) = told
    assert name == events.NOTICE
    assert payload["message"].startswith("Whether a point in time is possible is not known:")
