"""What the fact book says, against what real servers do, for a statement of every kind."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Blocking, Facts
from django_safe_migrate.databases.postgresql.errors import sqlstate
from django_safe_migrate.databases.postgresql.facts import PostgreSQLFactBook
from django_safe_migrate.databases.postgresql.live_catalogue import PostgreSQLCatalogue
from django_safe_migrate.databases.statements import AddConstraint, ConstraintKind
from tests.databases.conftest import run
from tests.databases.postgresql.facts.cases import ALL, Case
from tests.databases.postgresql.facts.cases.case import alter
from tests.databases.postgresql.measuring import Measured, measure, measure_outside, rolled_back

pytestmark = [pytest.mark.vendors("postgresql"), pytest.mark.postgresql]

WEAK = {"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE"}
#: Their reading is not counted by the server.
UNCOUNTED = ("VACUUM ",)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_the_prediction_is_what_happens(
    case: Case, shared: BaseDatabaseWrapper, request: pytest.FixtureRequest
) -> None:
    database = get_database(shared)
    with rolled_back(shared, f"SET LOCAL TimeZone = '{case.timezone}'"):
        book = PostgreSQLFactBook(database.version, PostgreSQLCatalogue(database))
        predicted = book.facts(case.statement)
        refused = case.before if database.version < (case.since,) else case.refused
        if refused:
            assert _error(shared, case.text) == refused
            return
        seen = measure(shared, case.text)
    assert predicted.refused_in_transaction is (seen is None)
    if seen is None:
        seen = measure_outside(request.getfixturevalue("copy"), case.text, case.holding)
    assert predicted.waits_for_transactions is seen.waits_for_transactions
    if case.cautious:
        assert predicted.unknown
        assert _missing(predicted, seen) == []
    else:
        assert predicted.unknown == ""
        assert _difference(_told(predicted, seen), _seen(predicted, seen, case)) == ""


def test_a_foreign_key_of_a_new_table_reads_nothing(shared: BaseDatabaseWrapper) -> None:
    database = get_database(shared)
    key = AddConstraint(
        kind=ConstraintKind.FOREIGN_KEY, name="x", columns=("region_id",), references="region"
    )
    book = PostgreSQLFactBook(database.version, PostgreSQLCatalogue(database))
    predicted = book.facts(alter("fresh", key))
    with rolled_back(shared, "CREATE TABLE fresh (region_id integer)"):
        seen = measure(
            shared,
            "ALTER TABLE fresh ADD CONSTRAINT x FOREIGN KEY (region_id) REFERENCES region",
        )
        assert seen is not None
        # What the same does where there are rows, so that reading would be seen.
        run(shared, "INSERT INTO fresh SELECT g FROM generate_series(1, 1000) g")
        filled = measure(
            shared,
            "ALTER TABLE fresh ADD CONSTRAINT y FOREIGN KEY (region_id) REFERENCES region",
        )
    assert {lock.table: lock.mode for lock in predicted.locks} == {"region": "SHARE ROW EXCLUSIVE"}
    assert seen.locks["region"] == "SHARE ROW EXCLUSIVE"
    assert (predicted.scans, seen.read) == ((), set())
    assert filled is not None
    assert "region" in filled.read


def _error(connection: BaseDatabaseWrapper, sql: str) -> str:
    with pytest.raises(DatabaseError) as refusal:
        run(connection, sql)
    return sqlstate(refusal.value)


def _difference(told: set[str], seen: set[str]) -> str:
    lines = [f"predicted, not seen: {line}" for line in sorted(told - seen)]
    lines += [f"seen, not predicted: {line}" for line in sorted(seen - told)]
    return "\n".join(lines)


def _told(facts: Facts, seen: Measured) -> set[str]:
    """The facts, in lines that can be compared."""
    lines = {f"{lock.mode} on {lock.table}" for lock in facts.locks}
    lines |= {f"writes {table} anew" for table in facts.rewrites}
    lines |= {f"builds {index} of {table}" for table, index in _builds(facts, seen)}
    read = {*facts.rewrites, *facts.scans, *(build.table for build in facts.index_builds)}
    lines |= {f"reads {table}" for table in read}
    return lines


def _builds(facts: Facts, seen: Measured) -> Iterable[tuple[str, str]]:
    for build in facts.index_builds:
        for index in {build.index} if build.index else seen.indexes.get(build.table, ()):
            yield build.table, index


def _seen(facts: Facts, seen: Measured, case: Case) -> set[str]:
    """
    What was measured, in the same lines.

    Locks that block nothing, and what is read under them, count only where they were predicted.
    """
    told = {lock.table: lock for lock in facts.locks}
    locks = seen.locks | {k: mode for k, mode in seen.sequence_locks.items() if k in told}
    lines = {
        f"{mode} on {table}" for table, mode in locks.items() if mode not in WEAK or table in told
    }
    lines |= {f"writes {table} anew" for table in seen.rewritten}
    lines |= {f"builds {index} of {table}" for table, index in seen.built}
    weak = {table for table, mode in locks.items() if mode in WEAK}
    # Moving a file, and what the server does not count, reads all the same.
    read = (seen.read - weak) | (seen.read & set(facts.scans)) | seen.rewritten
    read |= {table for table, _ in seen.built}
    if case.text.startswith(UNCOUNTED):
        read |= set(facts.scans)
    lines |= {f"reads {table}" for table in read}
    return lines


def _missing(facts: Facts, seen: Measured) -> list[str]:
    """What was measured and is worse than predicted."""
    worse = [
        f"{mode} on {table}"
        for table, mode in seen.locks.items()
        if mode not in WEAK and facts.blocking(table) is Blocking.NOTHING
    ]
    worse += [f"writes {table} anew" for table in seen.rewritten - set(facts.rewrites)]
    return worse + [f"builds {index}" for table, index in seen.built if not facts.reads_all(table)]
