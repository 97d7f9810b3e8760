"""What a rehearsal showed, in words and rows: for the command, the lines of a run, and the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_safe_migrate.databases.meters import Measured
from django_safe_migrate.rehearsal.receipt import BACK, PASS_WORDS, PLAN
from django_safe_migrate.reports import units

Receipt = Mapping[str, Any]
#: Tables, or differences, that are named one by one.
_NAMED = 10


def pass_line(one: Mapping[str, Any]) -> str:
    """Return what became of one pass."""
    count = units.number(len(one["steps"]), "migration")
    return f"{PASS_WORDS[one['name']]}: {count} {one['status']} in {units.duration(one['seconds'])}"


def summary(receipt: Receipt) -> str:
    """Return the whole in one sentence."""
    if receipt["failure"]:
        return f"the rehearsal failed after {units.duration(receipt['seconds'])}"
    first = _pass(receipt, PLAN)
    seconds = first["seconds"] if first else 0.0
    if is_sample(receipt):
        return f"rehearsed on the schema and {_rows(receipt)}"
    return (
        f"rehearsed on a copy of {receipt['backup']}: the plan took {units.duration(seconds)} there"
    )


def is_sample(receipt: Receipt) -> bool:
    """Whether it was on a sample of the rows, whose seconds and values say little of all of them."""
    return receipt.get("sample") is not None


def _rows(receipt: Receipt) -> str:
    return f"a sample of {units.number(receipt['sample'], 'row')} of each table, with the rows that these refer to"


def lines(receipt: Receipt) -> Iterator[str]:
    """Yield the rehearsal as text: each migration with what it did, then the way back."""
    first = _pass(receipt, PLAN)
    for step in first["steps"] if first else ():
        yield f"{step['label']} {step['status']} in {units.duration(step['seconds'])}"
        for operation in step["operations"]:
            yield f"  {operation['description']} in {units.duration(operation['seconds'])}"
            yield from (f"    {one}" for one in effects(operation["measured"]))
    yield from way_back(receipt)
    if is_sample(receipt):
        yield f"The copy had {_rows(receipt)}: seconds there say nothing of the real tables, and a value that stands in the way may be among the others."


def effects(measured: Mapping[str, Any]) -> Iterator[str]:
    """Yield a phrase for each thing that an operation was seen to do."""
    seen = Measured.from_json(measured)
    for lock in seen.locks:
        if lock.blocks != "nothing":
            held = "" if lock.taken else " (held since an earlier operation)"
            yield f"{lock.table or 'the whole database'}: {lock.mode} lock, blocks {lock.blocks}{held}"
    yield from (f"{table}: written anew" for table in seen.rewrites)
    yield from seen.algorithms
    yield from (f"{table}: {units.number(n, 'row')} read" for table, n in seen.scans.items())
    if seen.rows_read:
        yield f"{units.number(seen.rows_read, 'row')} read in order"
    yield from (f"{index}: built" for index in seen.indexes_built)
    yield from (f"{index}: kept under a new definition" for index in seen.indexes_reused)
    if seen.wal_bytes:
        yield f"{units.size(seen.wal_bytes)} of write-ahead log on the server meanwhile"


def way_back(receipt: Receipt) -> Iterator[str]:
    """Yield what going back on the copy showed."""
    back = _pass(receipt, BACK)
    if receipt["ended_by"]:
        yield f"Going back ends there: {receipt['ended_by']}."
    if back is not None and back["steps"]:
        yield f"Going back took {units.duration(back['seconds'])}."
    yield from _differences(receipt.get("comparison"))


def _differences(comparison: Mapping[str, Any] | None) -> Iterator[str]:
    if comparison is None:
        return
    schema, tables = comparison["schema"], comparison["tables"]
    yield (
        f"Going back did not bring the schema back: {'; '.join(schema[:_NAMED])}{_more(schema)}."
        if schema
        else "Going back brought the schema back exactly."
    )
    if tables:
        told = [_change(one) for one in tables[:_NAMED]]
        yield f"Going back left other rows: {'; '.join(told)}{_more(tables)}."
    else:
        yield f"The rows of {units.number(comparison['compared'], 'table')} were the same again."
    if left := comparison["not_compared"]:
        yield f"Not compared, for their size: {units.listed(left)}."


def _change(one: Mapping[str, Any]) -> str:
    before, after = one["rows_before"], one["rows_after"]
    if before is None or after is None:
        return f"{one['table']} is {'new' if before is None else 'gone'}"
    if before != after:
        return f"{one['table']} had {units.number(before, 'row')}, and has {after:,}"
    return f"{one['table']} has other values in its {units.number(after, 'row')}"


def _more(found: list[Any]) -> str:
    return f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""


def _pass(receipt: Receipt, name: str) -> Mapping[str, Any] | None:
    return next((one for one in receipt["passes"] if one["name"] == name), None)
