"""The default backend on every vendor."""

from __future__ import annotations

from tests.backups.conftest import AUTHORS, BOOKS, Shop


def test_a_backup_is_read_back_and_described(shop: Shop) -> None:
    receipt = shop.create(run_id="run-1")

    assert shop.files() == [receipt.name, f"{receipt.name}.metadata"]
    print(receipt)
    stored = shop.folder / receipt.name
    assert receipt.size == stored.stat().st_size
    assert receipt.applied_migrations == ("shop.0001_initial", "catalogue.0001_initial")
    assert {table: count.rows for table, count in receipt.row_counts.items()} == {
        "django_migrations": 2,
        "shop_author": AUTHORS,
        "shop_book": BOOKS,
    }
    assert all(count.exact for count in receipt.row_counts.values())
    assert receipt.counts_match_dump
    assert receipt.run_id == "run-1"
    assert receipt.is_verified
    assert shop.backend.list("default") == (receipt,)
    assert shop.backend.verify(receipt.name, "default").sha256 == receipt.sha256


def test_a_restore_brings_back_the_state_and_keeps_the_present_one(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book")
    shop.sql("CREATE TABLE shop_review (id int PRIMARY KEY, author_id bigint, FOREIGN KEY (author_id) REFERENCES shop_author (id))")

    result = shop.restore(receipt.name)
    print(result)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    assert "shop_review" not in shop.tables()
    assert shop.backend.old_copies(shop.database) == (result.kept,)
    shop.backend.drop_old(shop.database, result.kept)
    assert shop.backend.old_copies(shop.database) == ()
