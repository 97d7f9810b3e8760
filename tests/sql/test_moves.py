from __future__ import annotations

from django.db import models
from django.db.migrations import operations

from django_safe_migrate.sql.moves import isolated_state, moves
from tests.analysis.lint import initial, migration, state_after

ADD = operations.AddField("Order", "x", models.IntegerField(null=True))
RENAME = operations.RenameModel("Order", "Purchase")


def fields(state):
    return {
        name
        for (_, model), found in state.models.items()
        if model in {"order", "purchase"}
        for name in found.fields
    }


def test_forwards_and_backwards_states_are_in_the_order_of_execution():
    [first, second] = moves(migration([ADD, RENAME]), state_after(initial()), backwards=False)
    assert (first.index, second.index) == (0, 1)
    assert "x" not in fields(first.from_state)
    assert "x" in fields(first.to_state)
    assert ("shop", "purchase") in second.to_state.models
    [first, second] = moves(migration([ADD, RENAME]), state_after(initial()), backwards=True)
    assert (first.index, second.index) == (1, 0)
    assert ("shop", "purchase") in first.from_state.models
    assert "x" not in fields(second.to_state)


def test_tables_under_their_names_before_and_after():
    [move] = moves(migration([RENAME]), state_after(initial()), backwards=False)
    assert move.tables() == {
        "shop_order",
        "shop_order_tags",
        "shop_purchase",
        "shop_purchase_tags",
    }


def test_tables_of_the_field_only():
    [move] = moves(migration([ADD]), state_after(initial()), backwards=False)
    assert move.tables() == {"shop_order"}
    remove = operations.RemoveField("Order", "tags")
    [move] = moves(migration([remove]), state_after(initial()), backwards=False)
    assert move.tables() == {"shop_order", "shop_order_tags"}


def test_hand_written_sql_of_the_direction():
    sql = operations.RunSQL("SELECT 1", "SELECT 2")
    [move] = moves(migration([sql]), state_after([]), backwards=False)
    assert move.raw_sql() == "SELECT 1"
    [move] = moves(migration([sql]), state_after([]), backwards=True)
    assert move.raw_sql() == "SELECT 2"


def test_isolated_state_shares_no_field():
    state = state_after(initial())
    isolated = isolated_state(state)
    assert isolated == state
    for key, model in state.models.items():
        for name, field in model.fields.items():
            assert isolated.models[key].fields[name] is not field
