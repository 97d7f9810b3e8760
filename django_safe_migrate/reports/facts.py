"""What statements do to a database, as text or JSON: every lock with what it blocks, and what is not known said first."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django_safe_migrate.reports.console import printable

if TYPE_CHECKING:
    from django_safe_migrate.databases.facts import Facts, TableLock

_LABEL = 14
#: Facts name no table when it may be any.
ANY_TABLE = "any table"


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """
    The facts of statements on one database.

    ``target`` is product and version in words; ``live`` whether the tables of a database were looked at.
    """

    vendor: str
    target: str
    live: bool
    facts: tuple[Facts, ...]


def render(explanation: Explanation, output: str) -> str:
    """Return the explanation in the format text or json, ending with a newline."""
    if output == "json":
        return json.dumps(to_json(explanation), indent=2, ensure_ascii=False) + "\n"
    return "\n".join(_text(explanation)) + "\n"


def to_json(explanation: Explanation) -> dict[str, Any]:
    """Return plain data."""
    return {
        "schema_version": 1,
        "vendor": explanation.vendor,
        "target": explanation.target,
        "live": explanation.live,
        "statements": [_statement_json(facts) for facts in explanation.facts],
    }


def _statement_json(facts: Facts) -> dict[str, Any]:
    return {
        "sql": facts.statement.text,
        "unknown": facts.unknown,
        "locks": [
            {"table": lock.table, "mode": lock.mode, "blocks": lock.blocking.words}
            for lock in facts.locks
        ],
        "rewrites": list(facts.rewrites),
        "scans": list(facts.scans),
        "index_builds": [
            {"table": build.table, "index": build.index} for build in facts.index_builds
        ],
        "algorithm": facts.algorithm,
        "allowed_in_transaction": not facts.refused_in_transaction,
        "commits": facts.commits,
        "waits_for_transactions": facts.waits_for_transactions,
        "measured": facts.measured,
    }


def _text(explanation: Explanation) -> Iterator[str]:
    looked = "its tables were looked at" if explanation.live else "no database was asked"
    yield f"On {explanation.target} ({looked}):"
    for facts in explanation.facts:
        yield ""
        yield from (printable(line) for line in facts.statement.text.strip().splitlines())
        yield from (f"  {name.ljust(_LABEL)}{value}" for name, value in _rows(facts))


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.unknown:
        yield "Not certain", f"{facts.unknown} What follows is the worst that may be."
    nothing = "not known" if facts.unknown else "no existing table"
    yield from _several("Locks", [_lock(lock) for lock in facts.locks], nothing)
    yield "Rewrites", _tables(facts.rewrites) or nothing
    rewritten = "only what it rewrites" if facts.rewrites else nothing
    yield "Scans", _tables(facts.scans) or rewritten
    builds = [
        f"{build.index or 'every index'} of {build.table or ANY_TABLE}"
        for build in facts.index_builds
    ]
    yield "Index builds", ", ".join(builds) or ("not known" if facts.unknown else "none")
    if facts.algorithm:
        yield "Algorithm", facts.algorithm
    yield "Transaction", _transaction(facts)
    if facts.waits_for_transactions:
        yield "Waits", "for every older transaction to end, blocking nobody meanwhile"


def _tables(names: Sequence[str]) -> str:
    return ", ".join(name or ANY_TABLE for name in names)


def _several(name: str, values: Sequence[str], nothing: str) -> Iterator[tuple[str, str]]:
    yield name, values[0] if values else nothing
    yield from (("", value) for value in values[1:])


def _lock(lock: TableLock) -> str:
    return f"{lock.table or 'the whole database'}: {lock.sentence}"


def _transaction(facts: Facts) -> str:
    if facts.refused_in_transaction:
        return "the server refuses it inside of a transaction"
    if facts.commits:
        return "it commits the transaction it runs in"
    if facts.unknown:
        return "not known to be refused; its locks are held until the transaction ends"
    return "allowed; its locks are held until the transaction ends"
