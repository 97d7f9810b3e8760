"""Restoring MariaDB in place: with a backup of the present state first, and an honest word when it breaks off."""

from __future__ import annotations

from typing import Any

import pytest

from django_safe_migrate.backups.mysql import MySQLConnector
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import BOOKS, Shop

pytestmark = pytest.mark.vendors("mariadb")


def test_everything_is_replaced(shop: Shop) -> None:
    shop.sql("CREATE VIEW titles AS SELECT title FROM shop_book")
    receipt = shop.create()
    shop.sql("CREATE VIEW later AS SELECT 1 AS one")
    shop.sql(
        "CREATE TABLE shop_review (id int PRIMARY KEY, author_id bigint, FOREIGN KEY (author_id) REFERENCES shop_author (id))"
    )
    shop.sql("DELETE FROM shop_book")
    seen: list[int] = []
    result = shop.restore(
        receipt.name, in_place=True, before_swap=lambda connection: seen.append(1)
    )
    assert seen == [1]
    assert result.in_place
    assert shop.sql("SELECT count(*) FROM titles") == [(BOOKS,)]
    assert shop.tables() == {"django_migrations", "shop_author", "shop_book"}
    assert shop.backend.verify(result.kept, "default").objects["views"] == 2


def test_breaking_off_is_told_with_the_way_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = shop.create()

    def fail(*args: Any) -> None:
        raise BackupFailed("The server went away.")

    with monkeypatch.context() as patch:
        patch.setattr(MySQLConnector, "load", fail)
        with pytest.raises(BackupFailed) as caught:
            shop.restore(receipt.name, in_place=True)
    assert (
        caught.value.changed
        == "The database was changed: it is between its old state and the backup."
    )
    assert (
        caught.value.next_command
        == f"migrate_backup restore {receipt.name} --database default --in-place"
    )
    shop.restore(receipt.name, in_place=True)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
