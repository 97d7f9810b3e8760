"""Which of several locks on a table is the strongest, by the ranking of each product."""

from __future__ import annotations

import itertools

from django_safe_migrate.databases.facts import Blocking, TableLock, strongest
from django_safe_migrate.databases.mysql.facts.cost import Lock
from django_safe_migrate.databases.mysql.facts.whole import exclusive, reading
from django_safe_migrate.databases.postgresql.facts.effects import Mode

#: PostgreSQL's manual, "Explicit Locking", weakest first.
POSTGRESQL = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)


def test_postgresql_ranks_every_pair_of_modes_whichever_comes_first() -> None:
    for weaker, stronger in itertools.combinations(POSTGRESQL, 2):
        locks = [Mode.of_words(mode).on("t") for mode in (weaker, stronger)]
        assert [lock.mode for lock in strongest(locks)] == [stronger]
        assert [lock.mode for lock in strongest(reversed(locks))] == [stronger]


def test_innodb_ranks_what_an_alteration_takes_over_what_a_query_takes() -> None:
    for locks in itertools.permutations([*reading(["t"]), Lock.NONE.on("t")]):
        assert [lock.mode for lock in strongest(locks)] == ["LOCK=NONE"]
    for locks in itertools.permutations([exclusive("t"), Lock.SHARED.on("t")]):
        assert [lock.mode for lock in strongest(locks)] == ["EXCLUSIVE metadata"]


def test_of_equal_locks_the_first_is_kept_and_tables_stay_in_order() -> None:
    shared, exclusive_lock = Mode.SHARE.on("b"), Mode.ACCESS_EXCLUSIVE.on("b")
    one, other = (TableLock("a", mode, Blocking.WRITES) for mode in ("LOCK=SHARED", "SHARED"))
    assert strongest([shared, one, other, exclusive_lock]) == (exclusive_lock, one)


def test_the_ranking_is_no_part_of_a_lock() -> None:
    assert Mode.SHARE.on("t") == TableLock("t", "SHARE", Blocking.WRITES)
