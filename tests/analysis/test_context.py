from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate import values
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.predicting import Predictor
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_migration
from django_safe_migrate.databases import get_database
from django_safe_migrate.sql import Confidence, OperationSQL
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor

ADD = operations.AddField("Order", "x", models.TextField(null=True))


def context(*, backwards=False, database=None, sql=None, **attributes):
    [planned] = plan_of(migration([ADD], **attributes), backwards=backwards).steps
    live = Live(database)
    made = Context(
        planned,
        schema=Schema(connections["default"], live=database is not None),
        live=live,
        so_far=SoFar(live),
        sql=sql,
    )
    [part] = walk_migration(planned, state_after(initial()))
    made.move_to(part)
    return made


def has_x(state):
    return "x" in state.models["shop", "order"].fields


def test_states_in_the_direction_of_the_plan():
    forwards, backwards = context(), context(backwards=True)
    assert (has_x(forwards.before), has_x(forwards.after)) == (False, True)
    assert (has_x(backwards.before), has_x(backwards.after)) == (True, False)


def test_place():
    made = context()
    assert made.place() == {
        "file": made.planned.file,
        "line": made.place()["line"],
        "operation": "Add field x to Order",
    }
    made.move_to(None)
    assert set(made.place()) == {"file"}
    with pytest.raises(LookupError):
        _ = made.operation


def test_sql_of_the_present_operation():
    sql = OperationSQL(0, ("ALTER TABLE",), Confidence.EXACT)
    assert context(sql=(sql,)).operation_sql is sql
    assert context().operation_sql is None


def test_tables(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE full_one (id integer)")
        cursor.execute("CREATE TABLE empty_one (id integer)")
        cursor.execute("INSERT INTO full_one VALUES (1)")
    made = context(database=get_database(connection))
    assert [made.is_empty(table) for table in ("full_one", "empty_one", "nothing")] == [
        False,
        True,
        True,
    ]
    assert [made.is_new(table) for table in ("full_one", "empty_one", "nothing")] == [
        False,
        False,
        True,
    ]
    assert made.estimated_rows("nothing") == 0
    assert made.vendor == connection.vendor
    assert made.product == get_database(connection).product.lower()
    assert made.runs_in_transaction == connection.features.can_rollback_ddl
    assert made.quoted("a b") in {'"a b"', "`a b`"}


def test_migration_that_is_not_atomic():
    assert not context(atomic=False).runs_in_transaction


# --- statements and facts ---------------------------------------------------------------------------------------------------------


def contexts(ops, *, on="postgresql", before=None, backwards=False, target=None, **attributes):
    """Yield each change of a migration with a context that has seen those before it."""
    with vendor(on):
        [planned] = plan_of(migration(ops, **attributes), backwards=backwards).steps
        live = Live(None)
        server = values.target_version(target)
        schema = Schema(connections["default"], live=False, target=server)
        made = Context(
            planned,
            schema=schema,
            live=live,
            so_far=SoFar(live),
            sql=None,
            predictor=Predictor(schema, live, server),
        )
        for part in walk_migration(planned, state_after(initial() if before is None else before)):
            made.move_to(part)
            around = Surroundings("shop", part.earlier, part.later, schema)
            for change in derive(part.operation, around, backwards=backwards):
                yield change, made
                made.note(change)


def test_facts_of_a_change_are_those_of_its_statements_together():
    key = models.ForeignKey("shop.Tag", models.CASCADE, null=True)
    [(change, made)] = contexts([operations.AddField("Order", "x", key)])
    kinds = [type(statement).__name__ for statement in made.statements(change)]
    assert kinds == ["AlterTable", "SetVariable", "CreateIndex"]
    assert len(made.statement_facts(change)) == 3
    facts = made.facts(change)
    assert {lock.table: lock.mode for lock in facts.locks} == {
        "shop_order": "ACCESS EXCLUSIVE",
        "shop_tag": "SHARE ROW EXCLUSIVE",
    }
    assert facts.reads_all("shop_order")
    assert made.statement_facts(change) is made.statement_facts(change)


def test_new_tables_have_no_facts():
    new = [
        operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))]),
        operations.AddField("New", "x", models.IntegerField(default=0, db_index=True)),
        operations.RenameModel("New", "Newer"),
        operations.AddField(
            "Newer", "order", models.ForeignKey("shop.Order", models.CASCADE, null=True)
        ),
    ]
    locked = [[lock.table for lock in made.facts(change).locks] for change, made in contexts(new)]
    assert locked == [[], [], [], ["shop_order"]]


def test_statements_of_one_text_know_what_those_before_have_made():
    sql = "CREATE TABLE fresh (id integer); CREATE INDEX i ON fresh (id); CREATE INDEX j ON shop_order (number)"
    [(change, made)] = contexts([operations.RunSQL(sql)])
    _, fresh, existing = made.statements(change)
    assert made.facts(fresh).locks == ()
    assert [lock.table for lock in made.facts(existing).locks] == ["shop_order"]
    assert [lock.table for lock in made.facts(change).locks] == ["shop_order"]


def test_code_has_facts_that_nobody_knows():
    [(change, made)] = contexts([operations.RunPython(operations.RunPython.noop)])
    facts = made.facts(change)
    assert (facts.unknown, facts.locks) == ("What Python executes is known only when it runs.", ())


def test_proven_not_null_is_not_looked_for_again():
    check = models.CheckConstraint(condition=models.Q(note__isnull=False), name="note_there")
    alter = operations.AlterField("Order", "note", models.TextField())
    added = [operations.AddConstraint("Order", check)]
    [(change, made)] = contexts([alter])
    assert made.facts(change).scans == ("shop_order",)
    [(change, made)] = contexts([alter], before=[*initial(), *added])
    assert made.facts(change).scans == ()
    *_, (change, made) = contexts([AddConstraintNotValid("Order", check), alter])
    assert made.facts(change).scans == ("shop_order",)
    [*_, (change, made)] = contexts(
        [AddConstraintNotValid("Order", check), ValidateConstraint("Order", "note_there"), alter]
    )
    assert made.facts(change).scans == ()


def test_locks_that_are_held():
    ops = [
        operations.AddField("Order", "x", models.IntegerField(null=True)),
        operations.RenameModel("Tag", "Label"),
        operations.AddIndex("Customer", models.Index(fields=["name"], name="n")),
        operations.AddField("Customer", "y", models.IntegerField(null=True)),
    ]
    held = [{lock.table: lock.mode for lock in made.held} for _, made in contexts(ops)]
    assert held[0] == {}
    assert held[1] == {"shop_order": "ACCESS EXCLUSIVE"}
    assert held[-2]["shop_label"] == "ACCESS EXCLUSIVE"
    assert held[-1]["shop_customer"] == "SHARE"
    for on, options in (("postgresql", {"atomic": False}), ("mysql", {})):
        assert all(made.held == () for _, made in contexts(ops[:1] * 2, on=on, **options))


def test_facts_are_kept_until_the_end_of_the_migration():
    ops = [operations.AddField("Order", "x", models.IntegerField(default=0))]
    for change, made in contexts(ops):
        before = made.facts(change)
    made.move_to(None)
    assert made.facts(change) == before


def test_facts_of_undoing():
    index = operations.AddIndex("Order", models.Index(fields=["number"], name="i"))
    seen = list(contexts([index]))
    change, made = seen[-1]
    made.move_to(None)
    assert [lock.mode for one in made.undoing(change) for lock in one.locks] == ["ACCESS EXCLUSIVE"]
    assert [lock.mode for lock in made.facts(change).locks] == ["SHARE"]


def test_server():
    def algorithm(target):
        [(change, made)] = contexts([drop], on="mysql", target=target)
        return made.server.product, made.facts(change).algorithm

    drop = operations.RemoveField("Order", "note")
    assert algorithm("mysql 8.0.11") == ("mysql", "INPLACE")
    assert algorithm("8.4") == ("mysql", "INSTANT")
    assert algorithm("11.4") == ("mariadb", "INSTANT")
    assert algorithm("postgresql 16") == algorithm(None)
