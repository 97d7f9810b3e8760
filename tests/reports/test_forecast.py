from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from django_safe_migrate.analysis.forecast import (
    Destroyed,
    Forecast,
    ForecastLock,
    GoingBack,
    Lasting,
    PreviousRelease,
    Unknown,
    Work,
)
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.findings import Estimate
from django_safe_migrate.reports.forecast import lines, longest_json, longest_line

ALL, WRITES, SCHEMA = Blocking.READS_AND_WRITES, Blocking.WRITES, Blocking.SCHEMA_CHANGES
LONG = Estimate(seconds=240.0, rows=80_000_000, bytes=12_000_000_000, measured=True)
REWRITE, READ, BUILD, CHANGE = Lasting.REWRITE, Lasting.READ, Lasting.INDEX_BUILD, Lasting.CHANGE


def forecast(**values: Any) -> Forecast:
    return Forecast(
        **{
            "migration": "shop.0002_x",
            "atomic": True,
            "statements": 1,
            "functions": 0,
            **values,
        }
    )


def lock(
    table: str,
    *works: tuple[Lasting, str],
    mode: str = "ACCESS EXCLUSIVE",
    blocks: Blocking = ALL,
    **values: Any,
) -> ForecastLock:
    return ForecastLock(
        lock=TableLock(table, mode, blocks), works=tuple(Work(*one) for one in works), **values
    )


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (lock("a"), "Locks a: ACCESS EXCLUSIVE, blocks reads and writes, for an instant."),
        (
            lock("a", (REWRITE, "a"), estimate=LONG),
            "Locks a: ACCESS EXCLUSIVE, blocks reads and writes, while the table is rewritten: "
            "about 4 min for 80,000,000 rows (12 GB).",
        ),
        (
            lock("a", (REWRITE, "b"), (READ, "a"), held=True),
            "Locks a: ACCESS EXCLUSIVE, blocks reads and writes, until the transaction ends, while all rows of b are rewritten "
            "and all its rows are read.",
        ),
        (
            lock("a", (READ, "b"), mode="SHARE ROW EXCLUSIVE", blocks=WRITES),
            "Locks a: SHARE ROW EXCLUSIVE, blocks writes, while all rows of b are read.",
        ),
        (
            lock("", (CHANGE, "a"), (Lasting.UNKNOWN, ""), mode="EXCLUSIVE"),
            "Locks the whole database: EXCLUSIVE, blocks reads and writes, while all rows of a are changed, "
            "for a time that is not known.",
        ),
        (
            lock("a", (Lasting.UNKNOWN, ""), held=True),
            "Locks a: ACCESS EXCLUSIVE, blocks reads and writes, until the transaction ends, for a time that is not known.",
        ),
        (
            lock("", (REWRITE, ""), certain=False),
            "May lock the whole database: ACCESS EXCLUSIVE, blocks reads and writes, while all rows of any table are rewritten.",
        ),
        (
            lock("a", *((BUILD, name) for name in "bcdef")),
            "Locks a: ACCESS EXCLUSIVE, blocks reads and writes, while indexes of b, c, d and 2 more are built.",
        ),
    ],
)
def test_a_lock_in_words(told: ForecastLock, line: str) -> None:
    assert lines(forecast(locks=(told,))) == (line,)


def test_tables_that_are_locked_alike_share_a_line() -> None:
    made = forecast(locks=tuple(lock(name) for name in "abcde"))
    assert lines(made) == (
        "Locks a, b, c and 2 more: ACCESS EXCLUSIVE, blocks reads and writes, for an instant.",
    )


def test_many_locks_are_counted() -> None:
    made = forecast(locks=tuple(lock(name, (REWRITE, name)) for name in "abcdef"))
    assert len(lines(made)) == 5
    assert lines(made)[-1] == "And 2 more locks, which JSON lists."


def test_no_lock() -> None:
    unknown = (Unknown(part="RunPython of fill", reason="What Python executes is not known."),)
    weak = (lock("a", mode="ROW EXCLUSIVE", blocks=Blocking.NOTHING),)
    assert lines(forecast()) == ("No lock on an existing table.",)
    assert lines(forecast(locks=weak)) == ("No lock on an existing table that blocks anybody.",)
    assert lines(forecast(unknown=unknown)) == (
        "No lock on an existing table is known.",
        "Not known: RunPython of fill: what Python executes is not known.",
    )


def test_everything_else() -> None:
    made = forecast(
        atomic=False,
        statements=2,
        writes=("a", "b"),
        waits=True,
        refused=("SQLite has no such action.",),
        destroys=(Destroyed(what="Destroys column note of a (3 rows with a value)"),),
        previous_release=PreviousRelease(rules=("drop_column",), allowed=("rename_table",)),
    )
    assert lines(made) == (
        "No lock on an existing table.",
        "Changes rows of a, b.",
        "Waits for every older transaction to end, blocking nobody meanwhile.",
        "The server refuses it: SQLite has no such action.",
        "Destroys column note of a (3 rows with a value).",
        "Not one transaction: when it fails half-way, what was done before stays.",
        "Previous release: breaks (drop_column; rename_table, allowed).",
    )
    alone = dataclasses.replace(made, statements=1, previous_release=PreviousRelease())
    assert lines(alone)[-1] == "Previous release: keeps working, as far as the rules see."
    assert not any(line.startswith("Not one transaction") for line in lines(alone))
    atomic = forecast(writes=("a",))
    assert lines(atomic)[1] == "Changes rows of a, which stay locked until the transaction ends."
    whole = forecast(writes=("a",), locks=(lock("", mode="RESERVED", blocks=WRITES),))
    assert lines(whole)[1] == "Changes rows of a."


@pytest.mark.parametrize(
    ("back", "line"),
    [
        (GoingBack(), "Going back: loses nothing; locks no existing table."),
        (
            GoingBack(
                losses=("column note of a comes back without its values",),
                locks=(lock("a"), lock("b"), lock("c", (REWRITE, "c"), estimate=LONG)),
            ),
            "Going back: column note of a comes back without its values; ACCESS EXCLUSIVE on c blocks reads and writes "
            "while the table is rewritten: about 4 min, and locks 2 more tables.",
        ),
        (
            GoingBack(unknown=("what its Python does is not known",)),
            "Going back: loses nothing; no lock on an existing table is known; what its Python does is not known.",
        ),
        (
            GoingBack(losses=tuple("abcde")),
            "Going back: a; b; c; and 2 more; locks no existing table.",
        ),
        (
            GoingBack(irreversible=("Raw Python operation has no reverse",)),
            "Going back: impossible, only a restored backup brings it back: Raw Python operation has no reverse.",
        ),
    ],
)
def test_going_back(back: GoingBack, line: str) -> None:
    assert lines(forecast(going_back=back)) == ("No lock on an existing table.", line)


def test_the_longest_block() -> None:
    long = forecast(locks=(lock("a", (REWRITE, "a"), estimate=LONG), lock("b")))
    quick = forecast(migration="shop.0003_y", locks=(lock("b"),))
    weak = forecast(locks=(lock("a", (BUILD, "a"), blocks=SCHEMA, estimate=LONG),))
    unknown = forecast(migration="shop.0004_z", locks=(lock("a", (REWRITE, "a")),))
    line = "Longest block: reads and writes of a for about 4 min (shop.0002_x)."
    assert longest_line([quick, long]) == line
    more = " Of 1 migration it is not known how long they block."
    assert longest_line([unknown, long]) == line + more
    assert longest_line([quick, weak]) == "Nothing is blocked for longer than an instant."
    assert longest_line([unknown, quick]) == ""
    assert longest_line([]) == ""
    assert longest_json([None, quick, long]) == {
        "migration": "shop.0002_x",
        "table": "a",
        "blocks": "reads and writes",
        "seconds": 240.0,
    }
    assert longest_json([None, weak]) is None
