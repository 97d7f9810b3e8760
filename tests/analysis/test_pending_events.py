from __future__ import annotations

from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate.analysis.changes import CodeRun, ColumnAdded, StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.pending_events import is_checked, pending, written
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_plan
from tests.analysis.lint import initial, migration, plan_of, state_after


def write(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Order.objects.filter(number=1).delete()
    apps.get_model("shop", "Customer").objects.create(name="a")
    Order.objects.update(number=2)


def context(*ops):
    """A context that stands at the last operation, with no changes before it."""
    [(planned, parts)] = walk_plan(plan_of(migration(ops)), state_after(initial()))
    live = Live(None)
    schema = Schema(connections["default"], live=False)
    made = Context(planned, schema=schema, live=live, so_far=SoFar(live), sql=None)
    made.move_to(parts[-1])
    return made


ADD = operations.AddField("Order", "x", models.IntegerField(null=True))


def sql(*texts):
    return StatementsRun("", texts, None)


def test_written_rows():
    assert list(written(CodeRun("", write, None), context(ADD))) == [
        ("shop_order", False),
        ("shop_customer", True),
    ]
    text = 'INSERT INTO "shop_order" VALUES (1); UPDATE a SET b = 1; delete from shop_tag'
    assert list(written(sql(text), context(ADD))) == [("shop_order", True), ("shop_tag", False)]
    assert list(written(CodeRun("", None, None), context(ADD))) == []


def test_pending():
    place = context(ADD)
    place.changes = [sql("INSERT INTO shop_order VALUES (1)", "DELETE FROM shop_tag")]
    assert pending(place) == {"shop_order": "customer_id", "shop_tag": "*"}
    place.changes = [sql("INSERT INTO shop_customer VALUES (1)", "DELETE FROM legacy_pinned")]
    assert pending(place) == {}


def test_rows_of_a_many_to_many_table():
    place = context(ADD)
    place.changes = [sql("INSERT INTO shop_order_tags VALUES (1, 1)")]
    assert list(pending(place)) == ["shop_order_tags"]


def test_checked_until_deferred_again():
    place = context(ADD)
    insert, now = sql("INSERT INTO shop_order VALUES (1)"), sql("set constraints all immediate")
    place.changes = [insert, now, insert]
    assert pending(place) == {}
    place.changes = [now, sql("SET CONSTRAINTS ALL DEFERRED"), insert]
    assert list(pending(place)) == ["shop_order"]


def test_foreign_keys_of_the_migration_itself():
    foreign_key = operations.AddField("Pinned", "x", models.ForeignKey("shop.Tag", models.CASCADE))
    place = context(foreign_key, ADD)
    schema, state = place.schema, place.before
    pinned = state.models["shop", "pinned"]
    column = schema.column(state, pinned, "x", pinned.fields["x"])
    insert = sql("INSERT INTO legacy_pinned VALUES (1)")
    place.changes = [ColumnAdded("legacy_pinned", column), insert]
    assert pending(place) == {}
    place.changes = [insert]
    assert pending(place) == {"legacy_pinned": "x_id"}


def test_checked_anywhere_in_the_migration():
    check = operations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE")
    assert is_checked(sql("SELECT 1"), context(ADD, check))
    assert is_checked(sql("SET CONSTRAINTS ALL IMMEDIATE"), context(ADD))
    assert not is_checked(sql("SELECT 1"), context(ADD))
