"""Counting how disturbed runs ended, for the end of the test run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: Under which a test hands its counts to the terminal, also from another process.
PROPERTY = "kill_matrix"
PRODUCTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
NOUNS = {"kill": "kills", "cut": "cut connections", "restart": "crashes of the server"}
UNDISTURBED, LOST = "not disturbed: it had ended before", "LOST"


def counted(vendor: str, results: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Return vendor, kind and outcome of each result, as what pytest can carry from process to process."""
    return [[vendor, _kind(result), _outcome(result)] for result in results]


def _kind(result: Mapping[str, Any]) -> str:
    return "kill" if result["action"] == "random" else str(result["action"])


def _outcome(result: Mapping[str, Any]) -> str:
    if result["wrong"]:
        return LOST
    if _kind(result) == "kill" and result["ended"] == 0:
        return UNDISTURBED
    if result["ended"] == 0:
        return "finished all the same"
    return f"finished by {result['way']}"


def lines(reports: Iterable[Any]) -> list[str]:
    """Return a line for each vendor and kind, from the reports of all tests."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for report in (one for one in reports if getattr(one, "when", "") == "call"):
        for name, rows in getattr(report, "user_properties", ()):
            for vendor, kind, outcome in rows if name == PROPERTY else ():
                counts.setdefault((vendor, kind), Counter())[outcome] += 1
    return [line(key, counts[key]) for key in sorted(counts)]


def line(key: Sequence[str], outcomes: Counter[str]) -> str:
    """Return the counts of one vendor and kind in words."""
    vendor, kind = key
    undisturbed, lost = outcomes.pop(UNDISTURBED, 0), outcomes.pop(LOST, 0)
    ways = [f"{count} {outcome}" for outcome, count in outcomes.most_common()]
    parts = ", ".join([*ways, f"{lost} lost"])
    more = f" ({undisturbed} more came too late: the run had ended)" if undisturbed else ""
    return f"{PRODUCTS[vendor]}: {outcomes.total() + lost} {NOUNS[kind]}: {parts}{more}"
