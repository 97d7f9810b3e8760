"""What is kept is listed, and dropped when its time is over; the registry says so."""

from __future__ import annotations

from django.db import migrations, models

from django_safe_migrate.preservation import expiry
from django_safe_migrate.preservation.registry import Kept
from tests.preservation.bench import Bench, identity, migration

INITIAL = migration(
    "0001_initial",
    migrations.CreateModel(
        "Item", [identity(), ("note", models.TextField(null=True)), ("size", models.IntegerField())]
    ),
)


def test_only_what_was_kept_long_enough_goes(bench: Bench) -> None:
    assert expiry.preserved(bench.database) == expiry.prune(bench.database) == ()
    bench.forwards(INITIAL)
    bench.sql("INSERT INTO shop_item (id, note, size) VALUES (1, 'keep dry', 4)")
    bench.limit(keep_for=0.0)
    bench.forwards(migration("0002_note", migrations.RemoveField("item", "note")))
    bench.limit(keep_for=86400.0)
    bench.forwards(migration("0003_size", migrations.RemoveField("item", "size")))
    old, new = expiry.preserved(bench.database)
    assert bench.side_tables == sorted([old.name, new.name])
    assert expiry.described(new) == (
        f"column size of shop_item, 1 row, kept by shop.0003_size forwards in {new.name} since {new.created_at[:10]}"
    )
    assert [one.pk for one in expiry.prune(bench.database)] == [old.pk]
    assert bench.side_tables == [new.name]
    pruned = Kept._default_manager.using("default").get(pk=old.pk)
    assert (pruned.state, pruned.what, pruned.rows, bool(pruned.ended_at)) == (
        "pruned",
        "column note of shop_item",
        1,
        True,
    )
    assert "keep dry" not in str(expiry.to_json(new))
