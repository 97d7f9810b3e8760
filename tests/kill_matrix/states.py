"""What is in the database, read from its catalogue and its rows, and which point of the plan that is."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.real_projects.dumps import DatabaseDump, Exclusion, dump_database

OWN_TABLES = ("shop_", "stock_")
KEPT_TABLES = "django_safe_migrate_kept"
#: Of the client programs' dumps; those of SQLite begin each object with such a comment.
END_OF_STATEMENT = re.compile(r"(?<=;)\n|\n(?=-- (?:table|index|view|trigger) )")
EXCLUSIONS = (
    Exclusion("django_safe_migrate_*", None, "The history of runs, which differ."),
    Exclusion("django_migrations", "applied", "The moment at which the migration was applied."),
    Exclusion("django_migrations", "id", "A record that was rolled back has used a number."),
    Exclusion("django_content_type", "id", "A row that was rolled back has used a number."),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """The database at one moment: the digest of the project's own tables, and the recorded migrations in order."""

    digest: str
    recorded: tuple[str, ...]
    invalid_indexes: int


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What an undisturbed run had in the database when so many operations of its migration `step` were carried out."""

    step: int
    operations: int
    digest: str


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """An undisturbed run."""

    points: tuple[str, ...]
    plan: tuple[str, ...]
    places: tuple[Place, ...]
    final: DatabaseDump
    seconds: float

    def operations_in_database(self, step: int, digest: str) -> list[int]:
        """Return after how many operations of a migration the database looked like this; none: never, it is in between."""
        return [one.operations for one in self.places if (one.step, one.digest) == (step, digest)]


def dump(database: Mapping[str, Any]) -> DatabaseDump:
    """Read everything that has to be equal in the end."""
    found = dump_database(database, exclusions=EXCLUSIONS)
    counters = {name: value for name, value in found.counters.items() if _is_own(name)}
    return dataclasses.replace(found, counters=counters, schema=_without_kept(found.schema))


def _without_kept(schema: str) -> str:
    """The schema without the copies of what was dropped: whether there are any depends on the way."""
    statements = END_OF_STATEMENT.split(schema)
    return "\n".join(one for one in statements if KEPT_TABLES not in one)


def look(database: Mapping[str, Any]) -> Seen:
    """Read what is there now."""
    found = dump(database)
    tables = sorted((name, rows) for name, rows in found.tables.items() if _is_own(name))
    records = found.tables["django_migrations"]
    app, name = records.columns.index("app"), records.columns.index("name")
    return Seen(
        hashlib.sha256(repr((found.schema, tables)).encode()).hexdigest(),
        tuple(sorted(f"{row[app]}.{row[name]}".replace("'", "") for row in records.rows)),
        sum(key.startswith("invalid index") for key in found.properties),
    )


def _is_own(name: str) -> bool:
    return name.startswith(OWN_TABLES)


def differences(
    seen: Seen, status: Mapping[str, Any], reference: Reference
) -> tuple[str, list[str], tuple[int, ...]]:
    """
    Compare what `migrate_status` says with what is there.

    Returns:
        what is there in a word, what the status says wrongly, and the numbers of operations that may be in the database.
    """
    done = [label for label in reference.plan if label in seen.recorded]
    if done != list(reference.plan[: len(done)]):
        return "out of order", [f"recorded are {done}"], ()
    wrong = list(_about_records(done, status, reference))
    if len(done) == len(reference.plan):
        return "finished", wrong + _half_done_in(status, ()), ()
    label = reference.plan[len(done)]
    points = reference.operations_in_database(len(done), seen.digest)
    told = [half for half in status["half_done"] if half["migration"] == label]
    wrong += _half_done_in(status, (label,))
    if status["invalid_indexes"] == [] and seen.invalid_indexes:
        wrong.append("an invalid index is there and not told")
    if 0 in points:
        if not told:
            return "between migrations", wrong, tuple(points)
        wrong += [
            f"{label} is told half done without an unclear operation, and nothing of it is there"
            for half in told
            if all(one["state"] != "unclear" for one in half["operations"]) and max(points) == 0
        ]
    elif not told:
        return "half done", [*wrong, f"{label} is half done, and that is not told"], tuple(points)
    for half in told:
        wrong += _about_operations(half["operations"], points)
    return "half done" if 0 not in points else "perhaps half done", wrong, tuple(points)


def _about_records(
    done: Sequence[str], status: Mapping[str, Any], reference: Reference
) -> list[str]:
    pending = list(reference.plan[len(done) :])
    applied = {
        f"{one['app_label']}.{one['name']}"
        for app in status["apps"]
        for one in app["migrations"]
        if one["state"] == "applied"
    }
    wrong = []
    if status["pending"] != pending:
        wrong.append(f"pending are {pending}, told are {status['pending']}")
    if applied & set(reference.plan) != set(done):
        wrong.append(f"applied are {done}, told are {sorted(applied)}")
    return wrong


def _half_done_in(status: Mapping[str, Any], allowed: Sequence[str]) -> list[str]:
    return [
        f"{half['migration']} is told half done, and is not"
        for half in status["half_done"]
        if half["migration"] not in allowed
    ]


def _about_operations(operations: Sequence[Mapping[str, Any]], points: Sequence[int]) -> list[str]:
    """Check each operation that the status is sure of, where the catalogue is at the end of one."""
    if not points:
        return []
    wrong = []
    for one in operations:
        place, state = one["index"], one["state"]
        if state == "finished" and place >= 0 and place >= max(points):
            wrong.append(f"operation {place + 1} is told finished, and is not in the database")
        if state in {"not begun", "nothing left"} and place < min(points):
            wrong.append(f"operation {place + 1} is told {state}, and is in the database")
    return wrong
