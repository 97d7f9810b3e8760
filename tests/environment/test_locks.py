"""Which tables a plan locks, out of what is forecast of its migrations."""

from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.environment import PlanLocks, plan_locks

ORDER = TableLock("shop_order", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES)
ITEM = TableLock("shop_item", "SHARE", Blocking.WRITES)
ANY = TableLock("", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES)


@dataclasses.dataclass
class Locked:
    lock: TableLock


@dataclasses.dataclass
class Forecast:
    locks: tuple[Locked, ...] = ()
    unknown: tuple[str, ...] = ()
    waits: bool = False


def test_the_locks_of_all_migrations_together() -> None:
    found = plan_locks([Forecast((Locked(ORDER),)), Forecast((Locked(ITEM), Locked(ORDER)))])
    assert found == PlanLocks((ORDER, ITEM))
    assert found.tables == {"shop_order", "shop_item"}


def test_what_is_not_known() -> None:
    assert not plan_locks([Forecast((Locked(ANY),))]).is_complete
    assert not plan_locks([Forecast(unknown=("RunPython",))]).is_complete
    assert plan_locks([Forecast(waits=True)]).waits
    assert plan_locks([]) == PlanLocks()


@pytest.mark.vendors("postgresql")
def test_whom_a_plan_waits_for(connection) -> None:  # type: ignore[no-untyped-def]
    database = get_database(connection)
    plan = PlanLocks((ORDER, ITEM))
    held = (("shop_order", "ACCESS SHARE"), ("shop_item", "ACCESS SHARE"))
    assert plan.wait_for(database, held) == ("ACCESS SHARE on shop_order",)
    assert plan.wait_for(database, (("shop_other", "ACCESS EXCLUSIVE"),)) is None
    assert plan.wait_for(database, ()) is None
    assert plan.wait_for(database, None) == ()
    assert PlanLocks().wait_for(database, None) is None
    assert PlanLocks(waits=True).wait_for(database, ()) == ()
