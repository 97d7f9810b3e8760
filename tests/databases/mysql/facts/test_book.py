"""What conformance cannot show: refusals, other statements, versions that are not here, and what MySQL's manual says."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Blocking, Catalogue, Facts
from django_safe_migrate.databases.mysql.facts import (
    MariaDBFactBook,
    MySQLFactBook,
    rewrites_rows,
)
from django_safe_migrate.databases.mysql.live_catalogue import MySQLCatalogue
from django_safe_migrate.databases.statements import (
    AddColumn,
    AddConstraint,
    AddIndex,
    AlterTable,
    ChangeRows,
    ColumnDefinition,
    ConstraintKind,
    CreateTable,
    Default,
    DropColumn,
    DropIndex,
    DropTable,
    LockTable,
    Maintenance,
    ModifyColumn,
    RenameColumn,
    Statement,
    Truncate,
    Unread,
)
from tests.databases.conftest import run

NEW = AddColumn(column=ColumnDefinition(name="n", type="integer"))
TO_BIGINT = ModifyColumn(
    column="a",
    new=ColumnDefinition(name="a", type="bigint"),
    old=ColumnDefinition(name="a", type="integer"),
)


def altered(*actions, **demands):
    return AlterTable(table="box", actions=actions, **demands)


def mariadb(statement: Statement, *version: int) -> Facts:
    return MariaDBFactBook(version).facts(statement)


def mysql(statement: Statement, *version: int) -> Facts:
    return MySQLFactBook(version).facts(statement)


def brief(facts: Facts) -> tuple[str, str, bool]:
    return facts.algorithm, facts.locks[0].mode, bool(facts.rewrites)


@pytest.mark.parametrize(
    ("demands", "refused"),
    [
        (
            {"algorithm": "INSTANT"},
            "The server refuses ALGORITHM=INSTANT, because this change needs COPY.",
        ),
        ({"lock": "NONE"}, "The server refuses LOCK=NONE, because this change needs LOCK=SHARED."),
        ({"algorithm": "COPY", "lock": "SHARED"}, ""),
    ],
)
@pytest.mark.vendors("mariadb")
def test_what_the_server_refuses_is_said(connection: BaseDatabaseWrapper, demands, refused) -> None:
    assert mariadb(altered(TO_BIGINT, **demands)).refused == refused
    clauses = "".join(f", {name.upper()}={value}" for name, value in demands.items())
    run(connection, "CREATE TABLE box (id integer PRIMARY KEY, a integer)")
    if refused:
        with pytest.raises(DatabaseError, match="not supported"):
            run(connection, f"ALTER TABLE box MODIFY a bigint{clauses}")
    else:
        run(connection, f"ALTER TABLE box MODIFY a bigint{clauses}")


def test_more_may_be_demanded_than_is_needed() -> None:
    assert brief(mariadb(altered(NEW, algorithm="INPLACE"))) == ("INSTANT", "LOCK=NONE", False)
    assert brief(mariadb(altered(NEW, algorithm="COPY"))) == ("COPY", "LOCK=SHARED", True)
    assert brief(mariadb(altered(NEW, lock="EXCLUSIVE"))) == ("INSTANT", "LOCK=EXCLUSIVE", False)


@pytest.mark.vendors("mariadb")
def test_both_ends_of_a_foreign_key_keep_their_type(connection: BaseDatabaseWrapper) -> None:
    run(
        connection,
        "CREATE TABLE box (id integer PRIMARY KEY, a integer)",
        "CREATE TABLE child (id integer PRIMARY KEY, box_id integer, FOREIGN KEY (box_id) REFERENCES box (id))",
    )
    book = MariaDBFactBook((10, 11), MySQLCatalogue(get_database(connection)))
    for table, column in (("box", "id"), ("child", "box_id")):
        changed = ModifyColumn(column=column, new=ColumnDefinition(name=column, type="bigint"))
        assert book.facts(AlterTable(table=table, actions=(changed,))).refused == (
            f"The server refuses to change the type of the column {column} while a foreign key uses it; "
            "drop the foreign key first and add it again afterwards."
        )
        with pytest.raises(DatabaseError, match="used in a foreign key constraint"):
            run(connection, f"ALTER TABLE {table} MODIFY {column} bigint")
    assert book.facts(Truncate(tables=("box",))).refused == (
        "The server refuses TRUNCATE of box, because child references it; use DELETE."
    )
    with pytest.raises(DatabaseError, match="Cannot truncate a table referenced"):
        run(connection, "TRUNCATE TABLE box")


def test_an_unknown_column_is_copied() -> None:
    facts = mariadb(altered(ModifyColumn(column="a", new=ColumnDefinition(name="a", type="text"))))
    assert brief(facts) == ("COPY", "LOCK=SHARED", True)
    assert facts.unknown == (
        "What the column a is now is not known, so every row may have to be copied."
    )


def test_a_copy_is_online_from_mariadb_11_2_on() -> None:
    assert brief(mariadb(altered(TO_BIGINT), 11, 1, 3)) == ("COPY", "LOCK=SHARED", True)
    assert brief(mariadb(altered(TO_BIGINT), 11, 4, 2)) == ("COPY", "LOCK=NONE", True)
    key = AddConstraint(kind=ConstraintKind.FOREIGN_KEY, columns=("a",), references="customer")
    facts = mariadb(altered(key), 11, 4, 2)
    assert brief(facts) == ("COPY", "LOCK=SHARED", True)
    assert facts.blocking("customer") == Blocking.WRITES


def test_mysql_by_version() -> None:
    dropped, renamed = DropColumn(column="a"), RenameColumn(column="a", new_name="b")
    first = AddColumn(column=NEW.column, position="first")
    assert brief(mysql(altered(NEW))) == ("INPLACE", "LOCK=NONE", True)
    assert brief(mysql(altered(NEW), 8, 0, 12)) == ("INSTANT", "LOCK=NONE", False)
    assert brief(mysql(altered(first), 8, 0, 28)) == ("INPLACE", "LOCK=NONE", True)
    assert brief(mysql(altered(first), 8, 4, 0)) == ("INSTANT", "LOCK=NONE", False)
    assert brief(mysql(altered(dropped), 8, 0, 28)) == ("INPLACE", "LOCK=NONE", True)
    assert brief(mysql(altered(dropped), 8, 0, 29)) == ("INSTANT", "LOCK=NONE", False)
    assert brief(mysql(altered(renamed), 8, 0, 27)) == ("INPLACE", "LOCK=NONE", False)
    assert brief(mysql(altered(renamed), 8, 0, 28)) == ("INSTANT", "LOCK=NONE", False)
    index = AddIndex(name="i", columns=("a",))
    assert brief(mysql(altered(index), 8, 4)) == ("INPLACE", "LOCK=NONE", False)
    assert brief(mysql(altered(NEW, index), 8, 4)) == ("INPLACE", "LOCK=NONE", True)
    computed = AddColumn(column=ColumnDefinition(name="n", default=Default.VOLATILE))
    assert brief(mysql(altered(computed), 8, 4)) == ("COPY", "LOCK=SHARED", True)


@pytest.mark.parametrize(
    ("old", "new", "on_mariadb", "on_mysql"),
    [
        ("varchar(50)", "varchar(60)", False, False),
        ("varchar(20)", "varchar(200)", False, True),
        ("varchar(50)", "varchar(200)", True, True),
        ("varchar(200)", "varchar(100)", True, True),
        ("int(11)", "integer", False, False),
        ("tinyint(1)", "bool", False, False),
        ("numeric(10, 2)", "decimal(10,2)", False, False),
        ("integer", "bigint", True, True),
        ("enum('a')", "ENUM('a', 'b,c')", False, False),
        ("enum('a')", "enum('A')", True, True),
        ("???", "integer", True, True),
    ],
)
def test_types(old: str, new: str, on_mariadb: bool, on_mysql: bool) -> None:
    assert rewrites_rows("mariadb", old, new) is on_mariadb
    assert rewrites_rows("mysql", old, new) is on_mysql


def test_other_statements() -> None:
    everybody = Blocking.READS_AND_WRITES
    for statement, blocked, commits in [
        (ChangeRows(kind="update", table="box"), Blocking.WRITES, False),
        (ChangeRows(kind="delete", table="box", conditional=True), Blocking.SCHEMA_CHANGES, False),
        (ChangeRows(kind="insert", table="box"), Blocking.SCHEMA_CHANGES, False),
        (Truncate(tables=("box",)), everybody, True),
        (DropTable(tables=("box",)), everybody, True),
        (LockTable(tables=("box",)), everybody, True),
        (LockTable(tables=("box",), mode="READ"), Blocking.WRITES, True),
        (Maintenance(command="OPTIMIZE", tables=("box",)), Blocking.SCHEMA_CHANGES, True),
        (CreateTable(table="new", references=("box",)), Blocking.NOTHING, True),
        (Unread(reason="odd"), everybody, True),
    ]:
        facts = mariadb(statement)
        assert (facts.blocking("box"), facts.commits) == (blocked, commits), statement
    assert mariadb(ChangeRows(kind="update", table="box")).scans == ("box",)
    assert mariadb(Maintenance(command="OPTIMIZE", tables=("box",))).rewrites == ("box",)
    assert mariadb(Unread(reason="odd")).unknown == "The statement could not be read (odd)."


def test_an_index_without_a_table_is_unknown_and_new_tables_are_free() -> None:
    facts = mariadb(DropIndex(names=("i",)))
    assert facts.unknown == "Which table the index belongs to is not known."

    class NothingExists(Catalogue):
        def exists(self, table: str) -> bool:
            return False

    assert MariaDBFactBook((10, 11), NothingExists()).facts(altered(TO_BIGINT)).locks == ()
