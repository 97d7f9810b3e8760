"""What a rule knows of the rest of the plan: the release that still runs was made for the state before all of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.graph import MigrationGraph

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor

Operations = Sequence[Any]


def found(*pending: Operations, names: Any = (), only: Any = None, **options: Any) -> list[str]:
    """Return the rules and places of what is found in these migrations of one plan."""
    made = [migration(ops, f"{place:04}_change") for place, ops in enumerate(pending, start=2)]
    settings = dataclasses.replace(conf.load(), **options.pop("settings", {}))
    with vendor("postgresql"):
        results = analyse(
            plan_of(*made),
            None,
            state_after(initial()),
            settings,
            app_is_third_party=lambda planned: False,
            only=only,
            **options,
        )
    return [f"{one.rule} {one.migration}" for one in results if one.rule in names]


def text(**options: Any) -> Any:
    return models.TextField(**options)


ADD = operations.AddField("Order", "remark", text(db_default="", default=""))
REMOVE_ADDED = operations.RemoveField("Order", "remark")
DROP_NOTE = operations.RunSQL("ALTER TABLE shop_order DROP COLUMN note", "")
FORGET_NOTE = operations.SeparateDatabaseAndState([], [operations.RemoveField("Order", "note")])


def test_a_column_that_the_same_plan_adds_has_no_release_that_reads_it() -> None:
    names = ("drop_column",)
    assert found([ADD], [REMOVE_ADDED], names=names) == []
    renamed = operations.RenameField("Order", "remark", "words")
    removed = operations.RemoveField("Order", "words")
    assert found([ADD], [renamed], [removed], names=(*names, "rename_column")) == []
    # Looked at as if those before it were applied, it has one.
    alone = {"only": {"shop.0002_change", "shop.0003_change"}, "each_alone": True}
    assert found([ADD], [REMOVE_ADDED], names=names, **alone) == ["drop_column shop.0003_change"]


def test_a_column_of_a_released_migration_has_readers() -> None:
    """The second one is not looked at: it is no news, and neither is then what comes before it."""
    only = {"shop.0002_change", "shop.0004_change"}
    other = operations.AddField("Order", "more", text(null=True))
    assert found([ADD], [other], [REMOVE_ADDED], names=("drop_column",), only=only) == [
        "drop_column shop.0004_change"
    ]
    drop = operations.RemoveField("Order", "more")
    assert found([ADD], [other], [drop], names=("drop_column",), only=only) == [
        "drop_column shop.0004_change"
    ]


def test_a_renamed_column_is_still_known() -> None:
    rename = operations.RenameField("Order", "note", "words")
    drop = operations.RemoveField("Order", "words")
    assert found([rename], [drop], names=("drop_column",)) == ["drop_column shop.0003_change"]


def test_a_default_that_the_same_plan_gives_and_takes() -> None:
    """The release that still runs does not name the column, whatever default Python has for it."""
    names = ("remove_db_default",)
    take = operations.AlterField("Order", "remark", text(default=""))
    assert found([ADD], [take], names=names) == ["remove_db_default shop.0003_change"]
    assert found([ADD, take], names=names) == ["remove_db_default shop.0002_change"]
    nullable = operations.AlterField("Order", "remark", text(null=True))
    assert found([ADD], [nullable], names=names) == []
    alone = {"only": {"shop.0003_change"}}
    assert found([ADD], [take], names=names, **alone) == []


def test_both_halves_of_a_removal_in_one_plan() -> None:
    names = ("drop_without_release_between",)
    assert found([FORGET_NOTE], [DROP_NOTE], names=names) == [
        "drop_without_release_between shop.0003_change"
    ]
    assert found([FORGET_NOTE], [DROP_NOTE], names=names, only={"shop.0003_change"}) == []
    forget = operations.SeparateDatabaseAndState([], [operations.DeleteModel("Pinned")])
    drop = operations.RunSQL("DROP TABLE IF EXISTS legacy_pinned", "")
    assert found([forget], [drop], names=names) == ["drop_without_release_between shop.0003_change"]
    assert found([operations.DeleteModel("Pinned")], [drop], names=names) == []
    assert found([operations.RemoveField("Order", "note")], [DROP_NOTE], names=names) == []


@pytest.mark.parametrize("between", [[], [operations.RunPython(print, print)]])
def test_a_field_that_is_replaced_in_two_steps(between: Operations) -> None:
    remove = operations.RemoveField("Order", "note")
    add = operations.AddField("Order", "remark", models.TextField(null=True))
    expected = [] if between else ["field_replaced shop.0004_change"]
    assert found([remove], between, [add], names=("field_replaced",)) == expected


def test_what_hand_written_sql_makes_in_a_migration_that_is_passed_over() -> None:
    make = operations.RunSQL("CREATE TABLE words (id integer, name text)", "")
    index = operations.RunSQL("CREATE INDEX words_name ON words (name)", "")
    names = ("run_sql_blocking",)
    assert found([make], [index], names=names) == []
    old = {"settings": {"start_after": {"shop": "0002_change"}}}
    assert found([make], [index], names=names, **old) == []
    assert found([], [index], names=names, **old) == ["run_sql_blocking shop.0003_change"]


def test_the_graph_is_the_plan_s_own() -> None:
    """Without it that of the installed apps would be asked, in which these migrations are not."""
    other = migration(
        [operations.CreateModel("Item", [("id", models.AutoField(primary_key=True))])],
        "0001_initial",
        "stock",
    )
    first = migration(initial(), "0001_initial")
    pending = migration([operations.RunSQL("DELETE FROM stock_item", "")], "0002_change")
    graph = MigrationGraph()
    for one in (other, first, pending):
        graph.add_node((one.app_label, one.name), one)
    state = state_after([])
    for one in (other, first):
        state = one.mutate_state(state)
    with vendor("postgresql"):
        rules = [
            {one.rule for one in analyse(plan_of(pending), None, state, conf.load(), graph=given)}
            for given in (graph, None)
        ]
    assert ["run_sql_foreign_table" in one for one in rules] == [True, False]
