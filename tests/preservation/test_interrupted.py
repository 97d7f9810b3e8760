"""Runs that fail or are killed around a copy."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models

from django_safe_migrate.preservation.keeping import Keeper
from tests.preservation.bench import Bench, identity, migration

INITIAL = migration(
    "0001_initial",
    migrations.CreateModel(
        "Item", [identity(), ("note", models.CharField(max_length=50, null=True))]
    ),
)


def fail(apps: Any, editor: Any) -> None:
    raise ValueError("not as expected")


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.forwards(INITIAL)
    bench.sql("INSERT INTO shop_item (id, note) VALUES (1, 'keep dry')")
    return bench


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_transaction_takes_the_copy_away_with_everything_else(shop: Bench) -> None:
    failing = migration(
        "0002_note", migrations.RemoveField("item", "note"), migrations.RunPython(fail)
    )
    with pytest.raises(ValueError, match="not as expected"):
        shop.forwards(failing)
    assert (shop.side_tables, shop.kept) == ([], [])
    assert shop.sql("SELECT note FROM shop_item") == [("keep dry",)]


@pytest.mark.parametrize("atomic", [True, False])
def test_a_copy_without_its_drop_is_replaced(shop: Bench, monkeypatch: Any, atomic: bool) -> None:
    """As a killed run leaves it where nothing is undone: the copy is there, and so is the column."""
    drop = migration("0002_note", migrations.RemoveField("item", "note"), atomic=atomic)
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "carry_out", lambda *args: fail(None, None))
        with pytest.raises(ValueError, match="not as expected"):
            shop.forwards(drop)
    undone = atomic and shop.database.can_rollback_ddl
    assert len(shop.side_tables) == (0 if undone else 1)
    shop.state = shop._states["0002_note"]
    shop.sql("UPDATE shop_item SET note = 'newer'")
    shop.forwards(drop)
    assert len(shop.side_tables) == 1
    assert [one.state for one in shop.kept] == (["kept"] if undone else ["replaced", "kept"])
    shop.backwards(drop)
    assert shop.sql("SELECT note FROM shop_item") == [("newer",)]


def test_what_a_killed_run_has_not_put_back_is_put_back_at_the_end_of_the_next(
    shop: Bench, monkeypatch: Any
) -> None:
    drop = migration("0002_note", migrations.RemoveField("item", "note"))
    shop.forwards(drop)
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "put_back", lambda *args: None)
        patch.setattr(Keeper, "finish", lambda *args: None)
        shop.backwards(drop)
    shop.sql("INSERT INTO shop_item (id, note) VALUES (2, 'mine')")
    keeper = shop._keeper([drop], backwards=True)
    keeper.finish(shop._plan([drop], backwards=True), shop.state)
    assert shop.sql("SELECT id, note FROM shop_item ORDER BY id") == [(1, "keep dry"), (2, "mine")]


def test_what_others_wrote_meanwhile_is_left_alone(shop: Bench, monkeypatch: Any) -> None:
    drop = migration("0002_note", migrations.RemoveField("item", "note"))
    shop.forwards(drop)
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "put_back", lambda *args: None)
        patch.setattr(Keeper, "finish", lambda *args: None)
        shop.backwards(drop)
    shop.sql("UPDATE shop_item SET note = 'mine'")
    keeper = shop._keeper([drop], backwards=True)
    keeper.finish(shop._plan([drop], backwards=True), shop.state)
    assert shop.sql("SELECT note FROM shop_item") == [("mine",)]
    assert shop.notices[0].startswith(
        "Put back 0 rows of column note of shop_item; 1 row was left as it is"
    )
