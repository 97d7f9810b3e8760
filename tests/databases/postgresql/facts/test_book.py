"""The fact book without a server: what it says of tables that nobody knows, and by version."""

from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate.databases import fact_book, statements
from django_safe_migrate.databases.facts import Blocking, Catalogue, Facts, IndexBuild, TableLock
from django_safe_migrate.databases.postgresql.facts import PostgreSQLFactBook
from django_safe_migrate.databases.postgresql.facts.dispatch import (
    action_effects,
    statement_effects,
)
from django_safe_migrate.databases.postgresql.facts.effects import Mode
from django_safe_migrate.databases.postgresql.facts.names import index_name
from django_safe_migrate.databases.products import Server
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIndex,
    AlterColumnType,
    AlterDomain,
    AlterTable,
    ColumnDefinition,
    ConstraintKind,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropIndexAction,
    DropTable,
    LockTable,
    Maintenance,
    ModifyColumn,
    OtherAction,
    OtherObject,
    RemakeTable,
    SetNotNull,
    Statement,
    TransactionControl,
    Truncate,
    Unread,
)
from tests.databases.postgresql.facts.cases import ALL


def kinds(base: type) -> list[type]:
    """The public subclasses; a class with slots leaves a second one of the same name behind."""
    found = [getattr(statements, name) for name in statements.__all__]
    return [kind for kind in found if issubclass(kind, base) and kind is not base]


#: Actions that only MySQL has.
FOREIGN = {AddIndex, DropIndexAction, ModifyColumn}
EVERYTHING = TableLock("", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES)


def facts(statement: Statement, version: tuple[int, ...] = ()) -> Facts:
    return PostgreSQLFactBook(version).facts(statement)


def altered(*actions: Action) -> Facts:
    return facts(AlterTable(table="t", actions=actions))


def test_it_is_the_book_for_postgresql() -> None:
    book = fact_book(Server("postgresql", (16, 2)))
    assert (type(book), book.version, book.product) == (PostgreSQLFactBook, (16, 2), "PostgreSQL")


@pytest.mark.parametrize("kind", kinds(Statement), ids=lambda kind: kind.__name__)
def test_every_kind_of_statement_has_facts_of_its_own(kind: type[Statement]) -> None:
    assert statement_effects.dispatch(kind) is not statement_effects.dispatch(object)


@pytest.mark.parametrize("kind", kinds(Action), ids=lambda kind: kind.__name__)
def test_every_action_has_facts_of_its_own_unless_it_is_another_products(
    kind: type[Action],
) -> None:
    own = action_effects.dispatch(kind) is not action_effects.dispatch(object)
    assert own is (kind not in FOREIGN)


def test_the_cases_have_every_kind_of_statement_that_postgresql_runs() -> None:
    shown = {type(case.statement) for case in ALL}
    unshown = {RemakeTable, TransactionControl, Unread}
    assert shown == set(kinds(Statement)) - unshown
    actions = {
        type(action)
        for case in ALL
        if isinstance(case.statement, AlterTable)
        for action in case.statement.actions
    }
    assert actions == set(kinds(Action)) - FOREIGN


def test_an_action_of_another_product_may_do_anything() -> None:
    found = altered(AddIndex(name="i"))
    assert found == Facts(
        statement=found.statement,
        locks=(TableLock("t", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES),),
        rewrites=("t",),
        index_builds=(IndexBuild("t"),),
        unknown="PostgreSQL has no action AddIndex.",
    )


def test_a_statement_that_could_not_be_read_may_do_anything() -> None:
    found = facts(Unread(text="??", reason="line 1"))
    assert (found.locks, found.unknown) == (
        (EVERYTHING,),
        "The statement could not be read (line 1).",
    )
    assert found.blocking("any") is Blocking.READS_AND_WRITES


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            AlterTable(table="t", actions=(DropConstraint(name="c"),)),
            "Which table constraint c references, if it is a foreign key, is not known; that table is locked as well.",
        ),
        (
            AlterTable(table="t", actions=(DropColumn(column="a"),)),
            "Whether column a has a foreign key, whose referenced table is locked as well, is not known.",
        ),
        (
            AlterTable(
                table="t",
                actions=(AddConstraint(kind=ConstraintKind.PRIMARY_KEY, using_index="i"),),
            ),
            "Whether the columns of index i are NOT NULL is not known.",
        ),
        (
            AlterTable(table="t", actions=(AddConstraint(kind=ConstraintKind.FOREIGN_KEY),)),
            "Which table the foreign key references is not known.",
        ),
        (
            AlterTable(table="t", actions=(OtherAction(keywords="MERGE PARTITIONS"),)),
            "What MERGE PARTITIONS does is not known.",
        ),
        (DropIndex(names=("i",)), "The table of index i is not known."),
        (
            DropTable(tables=("t",)),
            "Which tables the foreign keys of t reference is not known; they are locked as well.",
        ),
        (
            Truncate(tables=("t",), cascade=True),
            "Which tables reference t is not known; they are emptied as well.",
        ),
        (
            CreateTable(table="x", partition_of="t"),
            "A default partition of t, if there is one, is locked and read as well.",
        ),
        (
            AlterDomain(domain="d", keywords="ADD"),
            "Which tables have a column of d is not known.",
        ),
        (LockTable(tables=("t",), mode="LOW"), "PostgreSQL has no lock mode LOW."),
        (Maintenance(command="OPTIMIZE", tables=("t",)), "PostgreSQL has no command OPTIMIZE."),
        (OtherObject(keywords="DO"), "What DO does to tables is not known."),
        (
            OtherObject(keywords="DROP SCHEMA", name="s", cascade=True),
            "What DROP SCHEMA ... CASCADE drops is not known.",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_what_only_a_catalogue_would_know_is_said(statement: Statement, reason: str) -> None:
    assert facts(statement).unknown == reason


def test_a_change_from_an_unknown_type_writes_the_table_anew() -> None:
    found = altered(AlterColumnType(column="a", type="bigint"))
    assert (found.rewrites, found.index_builds) == (("t",), (IndexBuild("t"),))
    assert found.unknown == (
        "The type of column a is not known. Which constraints column a has is not known;"
        " tables of its foreign keys are locked as well."
    )


def test_a_change_that_the_time_zone_decides_is_the_expensive_one() -> None:
    found = altered(
        AlterColumnType(column="a", type="timestamp with time zone", old_type="timestamp")
    )
    assert found.rewrites == ("t",)
    assert found.unknown.startswith("The time zone of the session is not known.")


def test_without_a_catalogue_rows_are_read_for_not_null_and_that_is_certain() -> None:
    found = altered(SetNotNull(column="a"))
    assert (found.scans, found.unknown) == (("t",), "")


def test_several_actions_share_the_strictest_lock_and_one_reading() -> None:
    found = altered(
        SetNotNull(column="a"),
        AddConstraint(kind=ConstraintKind.FOREIGN_KEY, references="r", not_valid=True),
        AddColumn(column=ColumnDefinition(name="b", type="serial", identity=True)),
    )
    assert {lock.table: lock.mode for lock in found.locks} == {
        "t": "ACCESS EXCLUSIVE",
        "r": "SHARE ROW EXCLUSIVE",
    }
    assert (found.rewrites, found.scans) == (("t",), ())


class OnlyOld(Catalogue):
    """Knows of a single table."""

    def exists(self, table: str) -> bool | None:
        return table == "old"


def test_nobody_waits_for_a_table_that_was_just_made() -> None:
    book = PostgreSQLFactBook((16,), OnlyOld())
    key = AddConstraint(kind=ConstraintKind.FOREIGN_KEY, name="k", references="old")
    found = book.facts(AlterTable(table="new", actions=(key, SetNotNull(column="a"))))
    assert [lock.table for lock in found.locks] == ["old"]
    # Nothing has to be looked up there: see the conformance test of the same.
    assert found.scans == ()


def test_commit_commits() -> None:
    assert facts(TransactionControl(keywords="COMMIT")).commits
    assert not facts(TransactionControl(keywords="SAVEPOINT")).commits


@pytest.mark.parametrize(
    ("version", "mode"), [((), "SHARE"), ((16, 1), "SHARE"), ((18,), "ACCESS EXCLUSIVE")]
)
def test_partitions_are_locked_by_version_when_a_unique_constraint_is_added(
    version: tuple[int, ...], mode: str
) -> None:
    class Partitioned(Catalogue):
        def partitions(self, table: str) -> tuple[str, ...] | None:
            return ("part",)

    unique = AddConstraint(kind=ConstraintKind.UNIQUE, name="u", columns=("a",))
    book = PostgreSQLFactBook(version, Partitioned())
    locks = book.facts(AlterTable(table="t", actions=(unique,))).locks
    assert {lock.table: lock.mode for lock in locks} == {"t": "ACCESS EXCLUSIVE", "part": mode}


def test_what_the_modes_block() -> None:
    assert {mode.words: mode.blocking for mode in Mode} == {
        "ACCESS SHARE": Blocking.NOTHING,
        "ROW SHARE": Blocking.NOTHING,
        "ROW EXCLUSIVE": Blocking.NOTHING,
        "SHARE UPDATE EXCLUSIVE": Blocking.SCHEMA_CHANGES,
        "SHARE": Blocking.WRITES,
        "SHARE ROW EXCLUSIVE": Blocking.WRITES,
        "EXCLUSIVE": Blocking.WRITES,
        "ACCESS EXCLUSIVE": Blocking.READS_AND_WRITES,
    }


def test_names_of_indexes_are_those_that_the_server_gives() -> None:
    assert index_name("s.t", ("a", "b"), "key") == "t_a_b_key"
    assert index_name("t", (), "pkey") == "t_pkey"
    long = index_name("t" * 60, ("c" * 60,), "idx")
    assert long == "t" * 29 + "_" + "c" * 29 + "_idx"


def test_every_fact_names_its_statement() -> None:
    for case in ALL:
        assert facts(case.statement).statement is case.statement
        assert not dataclasses.replace(facts(case.statement)).measured
