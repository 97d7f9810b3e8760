"""Restoring PostgreSQL in place: all of it in one transaction, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import BOOKS, Shop, limited_role
from tests.servers.base import open_connection

pytestmark = pytest.mark.vendors("postgresql")


def test_in_place_replaces_everything_in_one_transaction(shop: Shop) -> None:
    shop.sql("CREATE TYPE mood AS ENUM ('good', 'bad')")
    shop.sql("CREATE VIEW titles AS SELECT title FROM shop_book")
    shop.sql("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    shop.sql("CREATE SCHEMA tenant")
    shop.sql("CREATE TABLE tenant.note AS SELECT 1 AS n")
    receipt = shop.create()
    shop.sql("DROP SCHEMA tenant CASCADE")
    shop.sql(
        "CREATE TABLE shop_review (id int PRIMARY KEY, author_id bigint REFERENCES shop_author)"
    )
    shop.sql("DELETE FROM shop_book")
    result = shop.restore(receipt.name, in_place=True)
    assert shop.sql("SELECT count(*) FROM titles") == [(BOOKS,)]
    assert shop.sql("SELECT one(), 'good'::mood::text") == [(1, "good")]
    assert shop.sql("SELECT n FROM tenant.note") == [(1,)]
    assert "shop_review" not in shop.tables()
    safety = shop.backend.verify(result.kept, "default")
    assert safety.row_counts["shop_book"].rows == 0


def test_in_place_with_a_role_that_may_not_create_databases(shop: Shop) -> None:
    with limited_role(shop):
        receipt = shop.create()
        shop.sql("DELETE FROM shop_book")
        shop.restore(receipt.name, in_place=True)
        assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def test_in_place_that_fails_changes_nothing(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book WHERE id > 5")
    # Not dropped beforehand, so the dump's own schema meets something that it does not expect.
    shop.sql("ALTER TABLE shop_author RENAME TO elsewhere")
    shop.sql("CREATE COLLATION german (provider = libc, locale = 'C')")
    path = shop.folder / receipt.name
    assert path.exists()
    with (
        open_connection(dict(shop.connection.settings_dict)) as blocker,
        blocker.cursor() as cursor,
    ):
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM shop_book")
        with pytest.raises(BackupFailed, match="lock timeout") as caught:
            shop.restore(receipt.name, in_place=True)
    assert caught.value.changed == "The database was not changed."
    assert shop.sql("SELECT count(*) FROM shop_book") == [(5,)]
    assert "elsewhere" in shop.tables()


def test_a_script_that_breaks_off_is_rolled_back(shop: Shop, tmp_path: Path) -> None:
    """The end of pg_restore's output must not be taken for the end of the script."""
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book WHERE id > 5")
    real = Path(shop.server.bin_dir or "")
    for name in ("pg_dump", "psql"):
        (tmp_path / name).symlink_to(real / name)
    program = tmp_path / "pg_restore"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *--file=-*) {real}/pg_restore "$@" | head -c 1500; echo broken >&2; exit 3;; esac\n'
        f'exec {real}/pg_restore "$@"\n'
    )
    program.chmod(0o755)
    backend = DbBackupBackend(bin_dir=str(tmp_path))
    with pytest.raises(BackupFailed, match="pg_restore ended with status 3: broken") as caught:
        backend.restore(receipt.name, shop.database, in_place=True)
    assert caught.value.changed == "The database was not changed."
    assert shop.sql("SELECT count(*) FROM shop_book") == [(5,)]
    assert shop.tables() == {"django_migrations", "shop_author", "shop_book"}
