"""What is foretold of migrations on three vendors, when nobody can be asked."""

from __future__ import annotations

import dataclasses

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import operations

from django_safe_migrate import conf
from django_safe_migrate.analysis import Forecast, analyse, assess
from tests.analysis.forecast.forecasts import forecast, locks
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor

ADD = operations.AddField("Order", "x", models.IntegerField(null=True))
LARGER = operations.AlterField("Order", "number", models.BigIntegerField())
INDEX = operations.AddIndex("Order", models.Index(fields=["number"], name="i"))
NEW = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
DROP = operations.RemoveField("Order", "note")


def renumber(apps, schema_editor):
    """Change every row."""
    apps.get_model("shop", "Order").objects.update(number=1)


def renumber_some(apps, schema_editor):
    """Change some rows, and add one."""
    apps.get_model("shop", "Order").objects.filter(state=1).update(number=1)
    apps.get_model("shop", "Tag").objects.create()


def empty(apps, schema_editor):
    """Hide a loss in Python."""
    schema_editor.execute("TRUNCATE shop_tag")


WHOLE, EXCLUSIVE, RESERVED = "", "EXCLUSIVE", "RESERVED"
MODES = {
    "postgresql": {
        "instant": [("shop_order", "ACCESS EXCLUSIVE", "instant", False)],
        "rewrite": [("shop_order", "ACCESS EXCLUSIVE", "rewrite", False)],
        "index": [("shop_order", "SHARE", "index_build", False)],
        "new": [],
    },
    "mysql": {
        "instant": [("shop_order", "LOCK=NONE", "instant", False)],
        "rewrite": [("shop_order", "LOCK=SHARED", "rewrite", False)],
        "index": [("shop_order", "LOCK=NONE", "index_build", False)],
        "new": [],
    },
    "sqlite": {
        "instant": [(WHOLE, RESERVED, "instant", False)],
        "rewrite": [(WHOLE, EXCLUSIVE, "rewrite", False)],
        "index": [(WHOLE, EXCLUSIVE, "index_build", False)],
        "new": [(WHOLE, RESERVED, "instant", False)],
    },
}


@pytest.mark.parametrize("on", MODES)
@pytest.mark.parametrize(
    ("kind", "change"), [("instant", ADD), ("rewrite", LARGER), ("index", INDEX), ("new", NEW)]
)
def test_one_change(on: str, kind: str, change: operations.base.Operation) -> None:
    made = forecast([change], on=on)
    assert locks(made) == MODES[on][kind]
    assert made.rewrites == (("shop_order",) if kind == "rewrite" else ())
    assert made.atomic is (on != "mysql")
    assert made.unknown == made.refused == made.destroys == ()
    assert made.previous_release is not None
    assert made.previous_release.survives
    assert made.estimate is None
    assert all(lock.estimate is None for lock in made.locks)
    assert (made.statements, made.functions) == (1, 0)


def test_a_lock_is_held_while_its_transaction_works_on_other_tables() -> None:
    shorter = operations.AlterField("Customer", "name", models.CharField(max_length=5))
    assert locks(forecast([ADD, shorter])) == [
        ("shop_order", "ACCESS EXCLUSIVE", "rewrite", True),
        ("shop_customer", "ACCESS EXCLUSIVE", "rewrite", False),
    ]
    for options in ({"atomic": False}, {"on": "mysql"}):
        made = {one[0]: one[2] for one in locks(forecast([ADD, shorter], **options))}
        assert made == {"shop_order": "instant", "shop_customer": "rewrite"}


def test_the_stronger_lock_of_a_table_and_the_longer_one() -> None:
    assert locks(forecast([INDEX, ADD])) == [
        ("shop_order", "ACCESS EXCLUSIVE", "instant", False),
        ("shop_order", "SHARE", "index_build", False),
    ]
    assert locks(forecast([ADD, INDEX])) == [
        ("shop_order", "ACCESS EXCLUSIVE", "index_build", True)
    ]


def test_a_foreign_key_locks_two_tables() -> None:
    key = operations.AddField(
        "Order", "x", models.ForeignKey("shop.Tag", models.CASCADE, null=True)
    )
    assert {(one[0], one[1]) for one in locks(forecast([key]))} == {
        ("shop_order", "ACCESS EXCLUSIVE"),
        ("shop_tag", "SHARE ROW EXCLUSIVE"),
    }


def test_an_index_that_is_built_concurrently() -> None:
    built = AddIndexConcurrently("Order", models.Index(fields=["number"], name="i"))
    made = forecast([built], atomic=False)
    assert locks(made) == [("shop_order", "SHARE UPDATE EXCLUSIVE", "index_build", False)]
    assert made.waits
    assert made.longest_block is None
    assert forecast([built]).refused == (
        "CREATE INDEX CONCURRENTLY cannot run inside of a transaction.",
    )


# --- Python and SQL ---------------------------------------------------------------------------------------------------------------


def test_python_is_known_as_far_as_it_was_read() -> None:
    made = forecast([ADD, operations.RunPython(renumber, operations.RunPython.noop)])
    assert made.writes == ("shop_order",)
    assert [one.part for one in made.unknown] == ["RunPython of renumber"]
    assert (made.statements, made.functions) == (1, 1)
    [lock] = [one for one in made.locks if one.lock.mode == "ACCESS EXCLUSIVE"]
    assert lock.held
    assert [(work.lasting.label, work.table) for work in lock.works] == [
        ("change", "shop_order"),
        ("unknown", ""),
    ]
    assert made.blocks_unknown
    some = forecast([operations.RunPython(renumber_some, operations.RunPython.noop)], on="sqlite")
    assert some.writes == ("shop_order", "shop_tag")
    [lock] = some.locks
    assert [(work.lasting.label, work.table) for work in lock.works] == [
        ("unknown", "shop_order"),
        ("unknown", ""),
    ]


def test_python_that_does_nothing() -> None:
    noop = operations.RunPython(operations.RunPython.noop, operations.RunPython.noop)
    made = forecast([noop])
    assert (made.locks, made.unknown, made.functions) == ((), (), 0)
    assert made.going_back is not None
    assert (made.going_back.capability, made.going_back.unknown) == ("lossless", ())


def test_hand_written_sql() -> None:
    made = forecast(
        [
            operations.RunSQL(
                "CREATE TABLE fresh (id integer); DELETE FROM fresh; DELETE FROM shop_order; what is this"
            )
        ]
    )
    assert [one.what for one in made.destroys] == ["Its SQL deletes all rows of table shop_order"]
    assert made.writes == ("shop_order",)
    assert [one.part for one in made.unknown] == ["Raw SQL operation"]
    worst = [lock for lock in made.locks if not lock.certain]
    assert [(lock.lock.table, lock.lasting.label) for lock in worst] == [("", "rewrite")]


# --- what goes away, who suffers --------------------------------------------------------------------------------------------------


def test_what_is_destroyed() -> None:
    shorter = operations.AlterField("Order", "title", models.CharField(max_length=50))
    made = forecast(
        [
            DROP,
            operations.DeleteModel("Foreign"),
            operations.RemoveField("Order", "tags"),
            shorter,
            operations.RunPython(empty),
        ]
    )
    assert [one.what for one in made.destroys] == [
        "Destroys column note of shop_order",
        "Destroys table shop_order_tags",
        "Destroys what varchar(50) cannot hold of the values of column title of shop_order",
        "Its Python truncates table shop_tag",
    ]
    assert (made.destroys[0].table, made.destroys[0].column) == ("shop_order", "note")


def test_what_the_plan_has_made_holds_nothing() -> None:
    assert forecast([NEW, operations.DeleteModel("New")]).destroys == ()
    assert forecast([ADD, operations.RemoveField("Order", "x")]).destroys == ()
    assert forecast([ADD], backwards=True).destroys[0].what == "Destroys column x of shop_order"


def test_the_previous_release() -> None:
    broken = forecast([DROP]).previous_release
    allowed = forecast([DROP], safe_migrate_allow={"drop_column": "Unused."}).previous_release
    assert broken is not None
    assert allowed is not None
    assert (broken.rules, broken.allowed) == (("drop_column",), ())
    assert (allowed.rules, allowed.allowed) == ((), ("drop_column",))
    assert not allowed.survives
    assert forecast([ADD], backwards=True).previous_release is None


# --- going back -------------------------------------------------------------------------------------------------------------------


def test_going_back() -> None:
    back = forecast([DROP, INDEX]).going_back
    assert back is not None
    assert back.capability == "lossy"
    assert back.losses == ("column note of shop_order comes back without its values",)
    assert [(one.lock.mode, one.lasting.label) for one in back.locks] == [
        ("ACCESS EXCLUSIVE", "instant")
    ]
    dropped = forecast([operations.RemoveIndex("Order", "title_idx")]).going_back
    assert dropped is not None
    assert dropped.capability == "lossless"
    assert [(one.lock.mode, one.lasting.label) for one in dropped.locks] == [
        ("SHARE", "index_build")
    ]


def test_going_back_finds_the_tables_that_the_plan_has_made() -> None:
    key = models.ForeignKey("shop.Order", models.CASCADE)
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("order", key)]
    )
    back = forecast([new]).going_back
    assert back is not None
    # The table itself goes away, and nobody needs it any more.
    assert [(one.lock.table, one.lock.mode) for one in back.locks] == [
        ("shop_order", "ACCESS EXCLUSIVE")
    ]


def test_going_back_is_impossible_or_not_known() -> None:
    back = forecast([operations.RunPython(renumber)]).going_back
    assert back is not None
    assert back.capability == "impossible"
    assert back.irreversible == ("Raw Python operation has no reverse",)
    back = forecast([operations.RunPython(renumber, renumber)]).going_back
    assert back is not None
    assert back.unknown == ("what its reverse Python executes is known only when it runs",)
    assert forecast([ADD], backwards=True).going_back is None


# --- which migrations have one ----------------------------------------------------------------------------------------------------


def test_one_pass_gives_both_and_findings_are_the_same() -> None:
    plan = plan_of(migration([DROP]), migration([ADD], "0003_more"))
    with vendor("postgresql"):
        both = assess(plan, None, state_after(initial()), conf.load())
        alone = analyse(plan, None, state_after(initial()), conf.load())
        without = assess(plan, None, state_after(initial()), conf.load(), forecast=False)
    assert list(both.findings) == list(without.findings) == alone
    assert list(both.forecasts) == ["shop.0002_change", "shop.0003_more"]
    assert without.forecasts == {}


def test_what_the_settings_leave_out_has_none() -> None:
    plan = plan_of(migration([DROP]), migration([ADD], "0003_more"))
    for settings in ({"apps": {"shop": "off"}}, {"start_after": {"shop": "0003"}}):
        with vendor("postgresql"):
            made = assess(
                plan, None, state_after(initial()), dataclasses.replace(conf.load(), **settings)
            )
        assert made.forecasts == {}


@pytest.mark.parametrize("on", MODES)
def test_plain_data_and_back(on: str) -> None:
    made = forecast([DROP, LARGER, operations.RunPython(renumber, renumber), INDEX, NEW], on=on)
    assert Forecast.from_json(made.to_json()) == made
