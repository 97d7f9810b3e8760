"""What the fact book says of a statement is what a MariaDB server accepts and does."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Facts
from django_safe_migrate.databases.mysql.facts import MariaDBFactBook
from django_safe_migrate.databases.mysql.live_catalogue import MySQLCatalogue
from django_safe_migrate.databases.statements import AlterTable
from tests.databases.conftest import run
from tests.databases.mysql.facts.cases import Case, columns, tables, types

pytestmark = [pytest.mark.vendors("mariadb"), pytest.mark.mariadb]

CASES = [*columns.CASES, *types.CASES, *tables.CASES]
#: With rows in them, so that nothing is cheap only because there are none.
SCHEMA = """
    CREATE TABLE customer (id bigint PRIMARY KEY, email varchar(50) UNIQUE);
    CREATE TABLE box (id integer PRIMARY KEY AUTO_INCREMENT, a integer, b integer NOT NULL DEFAULT 3, name varchar(50), body text,
        big bigint, customer_id bigint, KEY name_idx (name), CONSTRAINT a_check CHECK (a > 0),
        CONSTRAINT customer_fk FOREIGN KEY (customer_id) REFERENCES customer (id));
    CREATE TABLE child (id integer PRIMARY KEY, box_id integer, FOREIGN KEY (box_id) REFERENCES box (id));
    CREATE TABLE unkeyed (a integer, b integer NOT NULL);
    CREATE TABLE searched (id integer PRIMARY KEY, t text, title varchar(50), n_old integer, FULLTEXT KEY t_idx (t));
    CREATE TABLE compressed (id integer PRIMARY KEY, t varchar(50)) ROW_FORMAT=COMPRESSED;
    CREATE TABLE redundant (id integer PRIMARY KEY, t varchar(50)) ROW_FORMAT=REDUNDANT;
    CREATE TABLE computed (id integer PRIMARY KEY, a integer, v integer AS (a + 1) VIRTUAL);
    CREATE TABLE stored (id integer PRIMARY KEY, a integer, b integer, s integer AS (a + 1) STORED);
    CREATE TABLE isam (id integer PRIMARY KEY, t varchar(50)) ENGINE=MyISAM;
    CREATE TABLE kinds (id integer PRIMARY KEY, v31 varchar(31), v32 varchar(32), v64 varchar(64),
        latin varchar(128) COLLATE latin1_swedish_ci, bytes varbinary(128), uniq varchar(20) UNIQUE, fixed char(10),
        amount decimal(10,2), flag tinyint(1), real_ float, moment datetime(6), kind enum('x','y'),
        tags set('1','2','3','4','5','6','7'), three varchar(20) COLLATE utf8mb3_general_ci, place point NOT NULL);
    INSERT INTO customer VALUES (1, 'a'), (2, 'b');
    INSERT INTO box VALUES (1, 1, 1, 'a', 'a', 1, 1), (2, 2, 2, 'b', 'b', 2, 1);
    INSERT INTO unkeyed VALUES (1, 1), (2, 2);
    INSERT INTO searched VALUES (1, 'a', 'a', 1), (2, 'b', 'b', 2);
    INSERT INTO compressed VALUES (1, 'a'), (2, 'b');
    INSERT INTO redundant VALUES (1, 'a'), (2, 'b');
    INSERT INTO computed (id, a) VALUES (1, 1), (2, 2);
    INSERT INTO stored (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
    INSERT INTO isam VALUES (1, 'a'), (2, 'b');
    INSERT INTO kinds VALUES (1, 'a', 'a', 'a', 'a', 'a', 'a', 'a', 1, 1, 1, now(), 'x', '1', 'a', point(1, 1));
"""
RELATED = {"box": ("customer", "child")}
ALGORITHMS = ("INSTANT", "NOCOPY", "INPLACE", "COPY")
LOCKS = ("NONE", "SHARED", "EXCLUSIVE")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_facts_are_what_the_server_does(connection: BaseDatabaseWrapper, case: Case) -> None:
    make_tables(connection, case.statement.table)  # type: ignore[attr-defined]
    predicted = summary(predict(connection, case), case)
    assert predicted == measure(connection, case)


def test_there_is_a_case_of_every_kind() -> None:
    kinds = {
        type(action).__name__
        for case in CASES
        if isinstance(case.statement, AlterTable)
        for action in case.statement.actions
    }
    assert kinds == {
        "AddColumn",
        "AddConstraint",
        "AddIndex",
        "DropColumn",
        "DropConstraint",
        "DropDefault",
        "DropIndexAction",
        "ModifyColumn",
        "OtherAction",
        "RenameColumn",
        "RenameTable",
        "SetDefault",
    }
    assert len({case.text for case in CASES}) == len(CASES) >= 60


def make_tables(connection: BaseDatabaseWrapper, table: str) -> None:
    """Make a table anew, with those that reference it and that it references."""
    wanted = {table, *RELATED.get(table, ())}
    run(connection, "SET foreign_key_checks = 0")
    existing = [name for (name,) in run(connection, "SHOW TABLES")]
    run(connection, *(f"DROP TABLE `{name}`" for name in existing))
    run(connection, "SET foreign_key_checks = 1")
    run(
        connection,
        *(sql for sql in SCHEMA.split(";") if sql.split()[2:3] and sql.split()[2] in wanted),
    )


def predict(connection: BaseDatabaseWrapper, case: Case) -> Facts:
    database = get_database(connection)
    book = MariaDBFactBook(database.version, MySQLCatalogue(database))
    facts = book.facts(case.statement)
    assert (facts.unknown, facts.refused, facts.commits) == ("", "", True)
    return facts


def summary(facts: Facts, case: Case) -> dict[str, Any]:
    table = case.statement.table  # type: ignore[attr-defined]
    return {
        "algorithm": facts.algorithm,
        "lock": next(lock.mode for lock in facts.locks if lock.table == table),
        "rebuilds": table in facts.rewrites,
    }


def measure(connection: BaseDatabaseWrapper, case: Case) -> dict[str, Any]:
    table = case.statement.table  # type: ignore[attr-defined]
    algorithm, lock = cheapest(connection, case)
    make_tables(connection, table)
    before = identity(connection, table)
    run(connection, case.text)
    new = "kinds2" if " RENAME TO " in case.text else table
    return {
        "algorithm": algorithm,
        "lock": f"LOCK={lock}",
        "rebuilds": before != identity(connection, new),
    }


def cheapest(connection: BaseDatabaseWrapper, case: Case) -> tuple[str, str]:
    """Return the first that the server takes; a refusal leaves the table as it is."""
    reasons = []
    text = case.asked or case.text
    comma = ", " if text.startswith("ALTER") else " "
    for algorithm, lock in itertools.product(ALGORITHMS, LOCKS):
        try:
            run(connection, f"{text}{comma}ALGORITHM={algorithm}{comma}LOCK={lock}")
        except DatabaseError as error:
            reasons.append(str(error))
        else:
            return algorithm, lock
    pytest.fail("\n".join(dict.fromkeys(reasons)))


def identity(connection: BaseDatabaseWrapper, table: str) -> Any:
    """What is another one after a rebuild; of another engine than InnoDB the file."""
    rows = run(
        connection,
        "SELECT TABLE_ID, SPACE FROM information_schema.INNODB_SYS_TABLES "
        f"WHERE NAME = CONCAT(DATABASE(), '/{table}')",
    )
    if rows:
        return rows[0]
    folder = run(connection, "SELECT CONCAT(@@datadir, '/', DATABASE())")[0][0]
    return Path(folder, f"{table}.MYD").stat().st_ino
