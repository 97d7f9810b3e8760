"""A run beside its rehearsal: what each migration took and locked on the copy, and what it really did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django_safe_migrate.rehearsal.receipt import PLAN, rehearsed_labels, seconds_by_label
from django_safe_migrate.reports import rehearsal, units
from django_safe_migrate.reports.document import Report

#: The columns of ``rows``.
HEADINGS = ("Migration", "Rehearsed", "Actual", "On the copy", "Locks held")
_NOT_SEEN = "not seen"


def receipt_of(report: Report) -> Mapping[str, Any] | None:
    """Return the receipt of the run's rehearsal as plain data; None when there was none."""
    return _detail(report, "rehearse").get("rehearsal")


def rows(report: Report) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the migrations that were rehearsed, with seconds and locks on the copy and in the database."""
    receipt = receipt_of(report)
    if receipt is None:
        return
    expected = _rehearsed(receipt)
    held = _detail(report, "execute").get("locks") or {}
    for one in report.migrations:
        actual = "" if one.status == "planned" else units.duration(one.seconds)
        yield (
            one.label,
            _took(receipt, one.label),
            actual or "not carried out",
            units.listed(expected.get(one.label, [])) or _NOT_SEEN,
            (units.listed(_locks(held.get(one.label, ()))) or _NOT_SEEN) if actual else "",
        )


def remarks(report: Report) -> Iterator[str]:
    """Yield what else the rehearsal showed, and whether it was one of this very plan."""
    receipt = receipt_of(report)
    reason = _detail(report, "rehearse").get("reason")
    if receipt is None:
        yield from [str(reason)] if reason else []
        return
    if receipt["fingerprint"] != report.run.fingerprint:
        yield "The plan that was rehearsed is not the one that was carried out: nothing of it is covered by the rehearsal."
    yield f"{rehearsal.summary(receipt).capitalize()}."
    yield from rehearsal.way_back(receipt)


def _took(receipt: Mapping[str, Any], label: str) -> str:
    if label not in rehearsed_labels(receipt):
        return "not rehearsed"
    return units.duration(seconds_by_label(receipt).get(label)) or "on a sample"


def _rehearsed(receipt: Mapping[str, Any]) -> dict[str, list[str]]:
    """What each migration did on the copy: the strongest lock on each table, and the tables written anew."""
    plan = next((one for one in receipt["passes"] if one["name"] == PLAN), None)
    return {step["label"]: _effects(step["operations"]) for step in (plan or {}).get("steps", ())}


def _effects(operations: Sequence[Mapping[str, Any]]) -> list[str]:
    # Locks are held to the end of the transaction, so the last operation to name a table names the strongest.
    measured = [one["measured"] for one in operations]
    locks = {lock["table"]: lock for one in measured for lock in one.get("locks", ())}
    anew = {table: "written anew" for one in measured for table in one.get("rewrites", ())}
    return [*_locks(list(locks.values())), *(f"{table}: {how}" for table, how in anew.items())]


def _locks(locks: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{lock['table'] or 'the whole database'}: {lock['mode']}"
        for lock in locks
        if lock["blocks"] != "nothing"
    ]


def _detail(report: Report, name: str) -> dict[str, Any]:
    return next((stage.detail for stage in report.stages if stage.name == name), {})
