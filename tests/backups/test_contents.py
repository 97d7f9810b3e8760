"""What a restored database must have in common with its backup."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.backups.contents import Contents, differences
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.databases.base import RowCount

RECEIPT = Receipt(
    name="b",
    database="default",
    server="PostgreSQL 16.14",
    applied_migrations=("shop.0001", "shop.0002"),
    row_counts={
        "a": RowCount(1, exact=True),
        "b": RowCount(2, exact=True),
        "big": RowCount(1000, exact=False),
    },
    counts_match_dump=True,
    objects={"indexes": 3},
)
SAME = Contents(RECEIPT.applied_migrations, RECEIPT.row_counts, RECEIPT.objects, "PostgreSQL 16.2")


def test_the_same() -> None:
    assert differences(RECEIPT, SAME) == ([], [])


def test_estimates_are_not_compared() -> None:
    counts = {**SAME.row_counts, "big": RowCount(0, exact=False)}
    assert differences(RECEIPT, dataclasses.replace(SAME, row_counts=counts)) == ([], [])


def test_everything_that_differs_is_told() -> None:
    found = Contents(
        ("shop.0001", "x.0001"),
        {
            "b": RowCount(1, exact=True),
            "c": RowCount(0, exact=False),
            "big": RowCount(0, exact=False),
        },
        {"views": 1},
        SAME.server,
    )
    faults, notices = differences(RECEIPT, found)
    assert faults == [
        "The table a is missing.",
        "There is a table c that the backup did not hold.",
        "The table b has 1 rows, and the backup was made of 2.",
        "The applied migrations are not those of the backup (missing: shop.0002; added: x.0001).",
        "There are 0 indexes, and the backup was made of 3.",
        "There are 1 views, and the backup was made of 0.",
    ]
    assert notices == []


def test_another_order_of_migrations() -> None:
    found = dataclasses.replace(SAME, applied_migrations=("shop.0002", "shop.0001"))
    assert differences(RECEIPT, found)[0] == [
        "The applied migrations are not those of the backup (another order)."
    ]


def test_counts_of_another_moment_deserve_a_notice_only() -> None:
    counts = {**SAME.row_counts, "a": RowCount(7, exact=True)}
    receipt = dataclasses.replace(RECEIPT, counts_match_dump=False)
    assert differences(receipt, dataclasses.replace(SAME, row_counts=counts)) == (
        [],
        ["The table a has 7 rows, and the backup was made of 1."],
    )


def test_another_version_of_the_server_may_count_its_objects_differently() -> None:
    found = dataclasses.replace(SAME, objects={"indexes": 4}, server="PostgreSQL 18.4")
    assert differences(RECEIPT, found) == (
        [],
        ["There are 4 indexes, and the backup was made of 3."],
    )
