"""What the fact book says of a statement is what SQLite does to the pages of a real file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Blocking, Facts
from django_safe_migrate.databases.sqlite.facts import SQLiteFactBook
from django_safe_migrate.databases.sqlite.live_catalogue import SQLiteCatalogue
from django_safe_migrate.databases.statements import RemakeTable
from tests.databases.conftest import run
from tests.databases.sqlite.facts.cases import CASES, REFUSED, Case

pytestmark = [pytest.mark.vendors("sqlite"), pytest.mark.sqlite]

ROWS = 3000
PAGE = 4096
#: More steps of SQLite's machine than a statement takes that reads no whole table.
MANY_STEPS = ROWS


@pytest.fixture
def tables(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    series = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS})"
    run(
        connection,
        "CREATE TABLE box (id integer PRIMARY KEY, number integer, note text, filling text, twice integer AS (number * 2))",
        "CREATE TABLE other (id integer PRIMARY KEY)",
        "CREATE TABLE parent (id integer PRIMARY KEY)",
        "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id))",
        "CREATE INDEX number_idx ON box (number)",
        f"INSERT INTO box {series} SELECT n, n, 'note', hex(zeroblob(100)) FROM s",
        f"INSERT INTO other {series} SELECT n FROM s",
        f"INSERT INTO parent {series} SELECT n FROM s",
    )
    return connection


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_facts_are_what_happens_to_the_file(tables: BaseDatabaseWrapper, case: Case) -> None:
    facts = predict(tables, case)
    assert (facts.refused, facts.unknown) == ("", "")
    before = pages_of(tables, "box")
    steps = count_steps(tables, case.text)
    reads = bool(facts.rewrites or facts.scans or facts.index_builds)
    assert (steps > MANY_STEPS) == reads, f"{steps} steps"
    name = "crate" if case.text.endswith("crate") else "box"
    # An UPDATE of every row is no new table, and VACUUM is one of all.
    if not case.text.startswith("UPDATE"):
        assert is_rewritten(tables, name, before) == bool(facts.rewrites)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.text)
def test_what_is_refused_is_predicted(tables: BaseDatabaseWrapper, case: Case) -> None:
    assert predict(tables, case).refused.startswith("SQLite cannot ")
    with pytest.raises(DatabaseError):
        run(tables, case.text)


def test_a_table_made_anew_is_rewritten(tables: BaseDatabaseWrapper) -> None:
    facts = SQLiteFactBook().facts(RemakeTable(table="box", also=("other",)))
    assert facts.rewrites == ("box", "other")
    before = pages_of(tables, "box")
    run(
        tables,
        'CREATE TABLE "new__box" (id integer PRIMARY KEY, number bigint, note text, filling text)',
        'INSERT INTO "new__box" SELECT id, number, note, filling FROM box',
        "DROP TABLE box",
        'ALTER TABLE "new__box" RENAME TO box',
    )
    assert is_rewritten(tables, "box", before)


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize(
    "text", ["ALTER TABLE box ADD COLUMN n integer", "ALTER TABLE box DROP COLUMN note"]
)
def test_others_are_blocked_as_predicted(
    tables: BaseDatabaseWrapper,
    other: Callable[..., BaseDatabaseWrapper],
    journal: str,
    text: str,
) -> None:
    run(tables, f"PRAGMA journal_mode = {journal}", "PRAGMA cache_size = 20")
    case = next(one for one in CASES if one.text.startswith(text))
    predicted = predict(tables, case).blocking("box")
    reader = other(OPTIONS={"timeout": 0})
    run(tables, "BEGIN", text)
    blocked = Blocking.NOTHING
    if refuses(reader, "UPDATE other SET id = id WHERE id = 1"):
        blocked = Blocking.WRITES
    if refuses(reader, "SELECT count(*) FROM other"):
        blocked = Blocking.READS_AND_WRITES
    run(tables, "ROLLBACK")
    assert predicted == blocked


def predict(connection: BaseDatabaseWrapper, case: Case) -> Facts:
    database = get_database(connection)
    return SQLiteFactBook(database.version, SQLiteCatalogue(database)).facts(case.statement)


def refuses(connection: BaseDatabaseWrapper, sql: str) -> bool:
    try:
        run(connection, sql)
    except OperationalError as error:
        if "locked" not in str(error):
            raise
        return True
    return False


def count_steps(connection: BaseDatabaseWrapper, sql: str) -> int:
    """Execute a statement and return how many steps of SQLite's machine it took, to the nearest ten."""
    steps: Iterator[int] = iter(range(10, 10**9, 10))
    taken = [0]

    def note() -> int:
        taken[0] = next(steps)
        return 0

    connection.connection.set_progress_handler(note, 10)
    try:
        run(connection, sql)
    finally:
        connection.connection.set_progress_handler(None, 0)
    return taken[0]


def pages_of(connection: BaseDatabaseWrapper, table: str) -> dict[int, bytes]:
    """Return the content of a table's pages, by their number; the first is its root."""
    found = run(connection, f"SELECT pageno FROM dbstat WHERE name = '{table}' ORDER BY path")
    content = Path(connection.settings_dict["NAME"]).read_bytes()
    return {number: content[(number - 1) * PAGE : number * PAGE] for (number,) in found}


def is_rewritten(connection: BaseDatabaseWrapper, table: str, before: dict[int, bytes]) -> bool:
    """Whether most pages are others than they were, by place or by content."""
    after = pages_of(connection, table)
    assert len(before) > 20
    changed = sum(after.get(number) != content for number, content in before.items())
    return changed > len(before) / 2
