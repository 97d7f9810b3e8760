from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import RemoveIndexConcurrently  # noqa: E402
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "remove_index_without_concurrently")
clean = partial(assert_clean, "remove_index_without_concurrently")

LOCK = "takes an ACCESS EXCLUSIVE lock, which blocks reads and writes."


def test_remove_index():
    [found] = finds(
        [operations.RemoveIndex("Order", "title_idx")],
        f"Dropping index title_idx of shop_order {LOCK}",
    )
    assert "RemoveIndexConcurrently(" in found.hint
    assert found.severity.label == "warning"


def test_db_index_false():
    change = operations.AlterField("Order", "indexed", models.IntegerField(null=True))
    finds([change], f"Dropping the index on column indexed of shop_order {LOCK}")


def test_going_back_over_add_index():
    index = models.Index(fields=["number"], name="number_idx")
    finds(
        [operations.AddIndex("Order", index)],
        f"Dropping index number_idx of shop_order {LOCK}",
        backwards=True,
    )


def test_what_the_hint_says():
    clean([RemoveIndexConcurrently("Order", "title_idx")], atomic=False)


def test_index_that_goes_with_its_column():
    clean([operations.RemoveField("Order", "indexed")])


def test_other_vendors():
    for vendor in ("sqlite", "mysql"):
        clean([operations.RemoveIndex("Order", "title_idx")], on=vendor)


def test_renamed_index():
    clean([operations.RenameIndex("Order", "new_idx", old_name="title_idx")])
