from __future__ import annotations

from django.db import models
from django.db.migrations import operations

from django_safe_migrate.analysis.walking import walk_migration, walk_plan
from tests.analysis.lint import initial, migration, plan_of, state_after

ADD = operations.AddField("Order", "x", models.TextField(null=True))
RENAME = operations.RenameField("Order", "x", "y")
DROP = operations.RemoveField("Order", "y")


def fields(state):
    return {name for name in state.models["shop", "order"].fields if name in {"x", "y"}}


def walked(*migrations, backwards=False):
    plan = plan_of(*migrations, backwards=backwards)
    return [
        (
            planned.name,
            [(part.operation, fields(part.earlier), fields(part.later)) for part in parts],
        )
        for planned, parts in walk_plan(plan, state_after(initial()))
    ]


def test_forwards():
    assert walked(migration([ADD, RENAME], "0002"), migration([DROP], "0003")) == [
        ("0002", [(ADD, set(), {"x"}), (RENAME, {"x"}, {"y"})]),
        ("0003", [(DROP, {"y"}, set())]),
    ]


def test_backwards_is_the_mirror_image():
    assert walked(migration([ADD, RENAME], "0002"), migration([DROP], "0003"), backwards=True) == [
        ("0003", [(DROP, {"y"}, set())]),
        ("0002", [(RENAME, {"x"}, {"y"}), (ADD, set(), {"x"})]),
    ]


def test_parts_of_separate_database_and_state_have_states_of_their_own():
    nested = operations.SeparateDatabaseAndState(
        [ADD, RENAME], [operations.RemoveField("Order", "note")]
    )
    [planned] = plan_of(migration([nested])).steps
    outer, first, second = walk_migration(planned, state_after(initial()))
    assert (outer.is_nested, first.is_nested, second.is_nested) == (False, True, True)
    assert (outer.operation, first.operation, second.operation) == (nested, ADD, RENAME)
    assert fields(outer.later) == set()
    assert "note" not in outer.later.models["shop", "order"].fields
    assert (fields(first.earlier), fields(first.later), fields(second.later)) == (
        set(),
        {"x"},
        {"y"},
    )
    assert "note" in second.later.models["shop", "order"].fields


def test_one_migration_in_the_order_of_execution():
    [planned] = plan_of(migration([ADD, RENAME]), backwards=True).steps
    assert [part.operation for part in walk_migration(planned, state_after(initial()))] == [
        RENAME,
        ADD,
    ]
