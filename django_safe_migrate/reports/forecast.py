"""Forecasts as people read them: some lines for each migration, and one at the end of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django_safe_migrate.analysis.forecast import Forecast, ForecastLock, GoingBack, Lasting, Work
from django_safe_migrate.databases.facts import Blocking
from django_safe_migrate.reports import units
from django_safe_migrate.reports.estimates import duration, sentence

#: So many lines about locks, and about what is destroyed or not known, are shown; JSON has all.
LINES = 4
#: So many tables are named in one line.
TABLES = 3
#: What is said of a migration that the settings leave out.
LEFT_OUT = "Not looked at: START_AFTER or APPS of the settings leave it out."

_ON_ITS_TABLE = {
    Lasting.READ: "all its rows are read",
    Lasting.CHANGE: "all its rows are changed",
    Lasting.INDEX_BUILD: "an index is built",
    Lasting.REWRITE: "the table is rewritten",
    Lasting.UNKNOWN: "some of its rows are changed",
}
_ON_OTHERS = {
    Lasting.READ: "all rows of {} are read",
    Lasting.CHANGE: "all rows of {} are changed",
    Lasting.INDEX_BUILD: "indexes of {} are built",
    Lasting.REWRITE: "all rows of {} are rewritten",
    Lasting.UNKNOWN: "some rows of {} are changed",
}
#: Of works on the whole database, or nobody knows on what.
_ON_ANY = "any table"
_TIME_UNKNOWN = "for a time that is not known"


def lines(forecast: Forecast | None) -> tuple[str, ...]:
    """Return a forecast in sentences, one in a line; None is that of a migration which nobody looked at."""
    return (LEFT_OUT,) if forecast is None else tuple(_lines(forecast))


def forecast_json(forecast: Forecast | None) -> dict[str, Any] | None:
    """Return a forecast as plain data, with its sentences in ``lines``; of none, None."""
    return None if forecast is None else {**forecast.to_json(), "lines": list(lines(forecast))}


def longest_block(forecasts: Iterable[Forecast]) -> tuple[Forecast, ForecastLock] | None:
    """Return the lock of several migrations that keeps people waiting for the longest known time, and whose it is."""
    found = [(one, lock) for one in forecasts if (lock := one.longest_block) is not None]
    return max(found, key=lambda pair: pair[1].seconds or 0.0, default=None)


def longest_json(forecasts: Iterable[Forecast | None]) -> dict[str, Any] | None:
    """Return the longest block of several migrations as plain data, None when none is known."""
    longest = longest_block(one for one in forecasts if one is not None)
    if longest is None:
        return None
    forecast, lock = longest
    return {
        "migration": forecast.migration,
        "table": lock.lock.table,
        "blocks": lock.lock.blocking.words,
        "seconds": lock.seconds,
    }


def longest_line(forecasts: Iterable[Forecast]) -> str:
    """Return the longest block of several migrations in a sentence; empty when nothing is known of how long anybody waits."""
    told = list(forecasts)
    unknown = sum(forecast.blocks_unknown for forecast in told)
    longest = longest_block(told)
    if longest is None or not longest[1].works:
        return "Nothing is blocked for longer than an instant." if told and not unknown else ""
    forecast, lock = longest
    whom = f"{lock.lock.blocking.words} of {_table(lock.lock.table)}"
    line = f"Longest block: {whom} for {duration(lock.seconds or 0.0)} ({forecast.migration})."
    if unknown:
        line += f" Of {units.number(unknown, 'migration')} it is not known how long they block."
    return line


def _lines(forecast: Forecast) -> Iterator[str]:
    yield from _limited(_locks(forecast), "locks")
    if forecast.writes:
        # Where the whole database is locked, nobody waits for a row.
        by_row = forecast.atomic and all(lock.lock.table for lock in forecast.locks)
        stay = ", which stay locked until the transaction ends" if by_row else ""
        yield f"Changes rows of {units.listed(forecast.writes, TABLES)}{stay}."
    if forecast.waits:
        yield "Waits for every older transaction to end, blocking nobody meanwhile."
    told = [f"Not known: {one.part}: {_clause(one.reason)}." for one in forecast.unknown]
    yield from _limited(told, "parts that are not known")
    yield from (f"The server refuses it: {reason}" for reason in forecast.refused)
    yield from _limited([f"{one.what}." for one in forecast.destroys], "losses")
    if not forecast.atomic and forecast.statements + forecast.functions > 1:
        yield "Not one transaction: when it fails half-way, what was done before stays."
    if forecast.previous_release is not None:
        yield _release(forecast)
    if forecast.going_back is not None:
        yield _going_back(forecast.going_back)


def _limited(found: Sequence[str], what: str) -> Iterator[str]:
    yield from found[:LINES]
    if len(found) > LINES:
        yield f"And {len(found) - LINES} more {what}, which JSON lists."


# --- locks ----------------------------------------------------------------------------------------------------------------------


def _locks(forecast: Forecast) -> list[str]:
    """One line for each kind of lock: tables that are locked alike, and for no time worth a word, share one."""
    shown = [lock for lock in forecast.locks if lock.lock.blocking > Blocking.NOTHING]
    if not shown:
        known = " is known" if forecast.unknown else ""
        blocking = " that blocks anybody" if forecast.locks else ""
        return [f"No lock on an existing table{blocking}{known}."]
    groups: dict[object, list[ForecastLock]] = {}
    for place, lock in enumerate(shown):
        alike = (lock.lock.mode, lock.certain)
        groups.setdefault(place if lock.works else alike, []).append(lock)
    return [_lock(group) for group in groups.values()]


def _lock(group: Sequence[ForecastLock]) -> str:
    first = group[0]
    tables = units.listed([_table(one.lock.table) for one in group], TABLES)
    verb = "Locks" if first.certain else "May lock"
    kind = f"{first.lock.mode}, blocks {first.lock.blocking.words}"
    return f"{verb} {tables}: {kind}, {_how_long(first)}."


def _how_long(lock: ForecastLock, *, brief: bool = False) -> str:
    if not lock.works:
        return "for an instant"
    until = ["until the transaction ends"] if lock.held else []
    during = " and ".join(_works(lock))
    unknown = [_TIME_UNKNOWN] if Work(Lasting.UNKNOWN) in lock.works else []
    how_long = ", ".join([*until, *([f"while {during}"] if during else []), *unknown])
    if lock.estimate is None:
        return how_long
    took = duration(lock.estimate.seconds) if brief else sentence(lock.estimate)
    return f"{how_long}: {took}"


def _works(lock: ForecastLock) -> Iterator[str]:
    """What is done meanwhile, the longest first."""
    own = lock.lock.table
    for lasting in sorted(Lasting, reverse=True):
        works = [work for work in lock.works if work.lasting is lasting]
        if own and any(work.table == own for work in works):
            yield _ON_ITS_TABLE[lasting]
        others = [work.table for work in works if not own or work.table != own]
        named = [table or _ON_ANY for table in others if table or lasting is not Lasting.UNKNOWN]
        if named:
            yield _ON_OTHERS[lasting].format(units.listed(named, TABLES))


def _table(name: str) -> str:
    return name or "the whole database"


# --- who suffers, and the way back ----------------------------------------------------------------------------------------------


def _release(forecast: Forecast) -> str:
    release = forecast.previous_release
    if release is None or release.survives:
        return "Previous release: keeps working, as far as the rules see."
    names = [*release.rules, *(f"{name}, allowed" for name in release.allowed)]
    return f"Previous release: breaks ({'; '.join(names)})."


def _going_back(back: GoingBack) -> str:
    if back.irreversible:
        reasons = "; ".join(_shortened(back.irreversible))
        return f"Going back: impossible, only a restored backup brings it back: {reasons}."
    parts = _shortened(back.losses) or ["loses nothing"]
    parts += [_lock_back(back)]
    parts += [_clause(reason) for reason in back.unknown[:1]]
    return f"Going back: {'; '.join(parts)}."


def _lock_back(back: GoingBack) -> str:
    blocking = [lock for lock in back.locks if lock.lock.blocking > Blocking.NOTHING]
    if not blocking:
        return (
            "no lock on an existing table is known" if back.unknown else "locks no existing table"
        )
    strongest = max(blocking, key=lambda lock: lock.rank)
    others = {lock.lock.table for lock in blocking} - {strongest.lock.table}
    more = f", and locks {units.number(len(others), 'more table')}" if others else ""
    worst = "" if strongest.certain else "at worst "
    where = f"{strongest.lock.mode} on {_table(strongest.lock.table)}"
    how_long = _how_long(strongest, brief=True)
    return f"{worst}{where} blocks {strongest.lock.blocking.words} {how_long}{more}"


def _shortened(clauses: Sequence[str]) -> list[str]:
    more = [f"and {len(clauses) - TABLES} more"] if len(clauses) > TABLES else []
    return [*clauses[:TABLES], *more]


def _clause(reason: str) -> str:
    """A sentence as the end of another one."""
    return reason[:1].lower() + reason[1:].rstrip(".")
