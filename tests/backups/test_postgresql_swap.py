"""Restoring PostgreSQL beside the present database: everything comes back, and at no instant is there no database."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import psutil
import pytest

from django_safe_migrate.backups import names
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import AUTHORS, BOOKS, Shop, limited_role
from tests.servers.base import open_connection

pytestmark = pytest.mark.vendors("postgresql")


def test_a_new_table_that_refers_to_an_old_one_is_no_obstacle(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql(
        "CREATE TABLE shop_review (id int PRIMARY KEY, author_id bigint REFERENCES shop_author)"
    )
    shop.sql("ALTER TABLE shop_book ADD COLUMN isbn text")
    shop.restore(receipt.name)
    assert shop.tables() == {"django_migrations", "shop_author", "shop_book"}
    assert "isbn" not in shop.database.columns("shop_book")


def test_the_old_database_is_kept_whole(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book WHERE id > 100")
    result = shop.restore(receipt.name)
    rows = shop.server.query(
        "SELECT count(*) FROM shop_book",
        None,
        {**shop.connection.settings_dict, "NAME": result.kept},
    )
    assert rows == [(100,)]


def test_without_keeping_the_old_one_is_dropped(shop: Shop) -> None:
    receipt = shop.create()
    assert shop.restore(receipt.name, keep_old=False).kept == ""
    assert shop.backend.old_copies(shop.database) == ()


def test_identities_go_on_where_they_were(shop: Shop) -> None:
    shop.sql("DELETE FROM shop_book WHERE id > 10")
    receipt = shop.create()
    shop.restore(receipt.name)
    shop.sql("INSERT INTO shop_book (title, author_id) VALUES ('next', 1)")
    assert shop.sql("SELECT max(id) FROM shop_book") == [(BOOKS + 1,)]


def test_owner_privileges_settings_and_comment_of_the_database_stay(shop: Shop) -> None:
    name = shop.connection.settings_dict["NAME"]
    shop.server.query("DROP ROLE IF EXISTS swap_reader")
    shop.server.query("CREATE ROLE swap_reader")
    try:
        shop.sql(f'ALTER DATABASE "{name}" SET search_path TO "$user", public, "odd name"')
        shop.sql(f"""ALTER DATABASE "{name}" SET datestyle TO 'ISO, DMY'""")
        shop.sql(f"""ALTER ROLE swap_reader IN DATABASE "{name}" SET work_mem TO '8MB'""")
        shop.sql(f"""COMMENT ON DATABASE "{name}" IS 'It''s ours\\'""")
        shop.sql(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        shop.sql(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO swap_reader')
        shop.sql(f'ALTER DATABASE "{name}" CONNECTION LIMIT 40')
        shop.sql("GRANT SELECT ON shop_book TO swap_reader")
        before = properties(shop, name)
        receipt = shop.create()
        result = shop.restore(receipt.name, keep_old=False)
        assert result.notices == ()
        assert properties(shop, name) == before
        assert shop.sql("SELECT has_table_privilege('swap_reader', 'shop_book', 'SELECT')") == [
            (True,)
        ]
        assert shop.sql("SHOW datestyle") == [("ISO, DMY",)]
    finally:
        shop.connection.close()
        shop.server.drop_database(name)
        shop.server.query("DROP ROLE swap_reader")
        shop.server.create_database(name)


def properties(shop: Shop, name: str) -> Any:
    return (
        shop.server.query(
            "SELECT pg_get_userbyid(datdba), encoding, datcollate, datctype, datconnlimit, "
            "ARRAY(SELECT a::text FROM unnest(datacl) a ORDER BY 1), shobj_description(oid, 'pg_database') "
            "FROM pg_database WHERE datname = %s", [name],
        ),
        shop.server.query(
            "SELECT setrole::regrole::text, ARRAY(SELECT c FROM unnest(setconfig) c ORDER BY 1) FROM pg_db_role_setting "
            "JOIN pg_database d ON d.oid = setdatabase WHERE datname = %s ORDER BY 1", [name],
        ),
    )  # fmt: skip


def test_an_icu_collation_stays(shop: Shop) -> None:
    name = shop.connection.settings_dict["NAME"]
    shop.connection.close()
    shop.server.drop_database(name)
    try:
        shop.server.query(
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de'"
        )
    except Exception as error:
        shop.server.query(f'CREATE DATABASE "{name}"')
        pytest.skip(f"This server has no ICU: {error}")
    shop.sql("CREATE TABLE word AS SELECT unnest(ARRAY['z', 'ä', 'b']) AS w")
    receipt = shop.create()
    shop.restore(receipt.name)
    assert shop.sql("SELECT w FROM word ORDER BY w") == [("ä",), ("b",), ("z",)]


def test_sessions_that_come_back_all_the_time_do_not_stop_the_swap(shop: Shop) -> None:
    receipt = shop.create()
    entry, stop = dict(shop.connection.settings_dict), threading.Event()

    def pester() -> None:
        while not stop.is_set():
            try:
                with open_connection(entry) as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            except Exception:  # noqa: S112 - ended by the restore, as it should be
                continue

    threads = [threading.Thread(target=pester) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with open_connection(entry) as idle, idle.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM shop_book")
            assert shop.restore(receipt.name).kept
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def test_the_hook_sees_the_restored_database_before_it_has_the_name(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book")

    def carry_over(connection: Any) -> None:
        from django.db import connections

        assert connections[connection.alias] is connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database(), (SELECT count(*) FROM shop_book)")
            name, rows = cursor.fetchone()
            assert name.startswith(names.SCRATCH_PREFIX)
            assert rows == BOOKS
            cursor.execute("INSERT INTO shop_author (name) VALUES ('carried over')")

    shop.restore(receipt.name, before_swap=carry_over)
    assert shop.sql("SELECT count(*) FROM shop_author") == [(AUTHORS + 1,)]


def test_a_hook_that_fails_leaves_everything_as_it_was(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book")

    def fail(connection: Any) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shop.restore(receipt.name, before_swap=fail)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(0,)]
    assert scratch_databases(shop) == []


def test_what_was_restored_is_compared_with_the_manifest(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last defence: a restore that reports success and lacks something."""
    receipt = shop.create()
    from django_safe_migrate.backups.postgresql import PostgreSQLConnector

    original = PostgreSQLConnector.load

    def lossy(self: Any, request: Any, database_name: str) -> None:
        original(self, request, database_name)
        with self.connected(NAME=database_name) as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM shop_book WHERE id = 7")
            cursor.execute("DROP INDEX shop_book_title")

    monkeypatch.setattr(PostgreSQLConnector, "load", lossy)
    with pytest.raises(BackupFailed) as caught:
        shop.restore(receipt.name)
    assert caught.value.message == (
        f"The backup {receipt.name} was not restored. The database restored from {receipt.name} is not what was backed up: "
        "The table shop_book has 249 rows, and the backup was made of 250. There are 3 indexes, and the backup was made of 4."
    )
    assert caught.value.changed == "The database was not changed."
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    assert scratch_databases(shop) == []


def test_a_role_without_createdb_is_told_the_way(shop: Shop) -> None:
    name = shop.connection.settings_dict["NAME"]
    with limited_role(shop) as settings:
        settings["NAME"] = name
        (finding,) = [
            one
            for one in shop.backend.check(shop.database)
            if one.rule == "backup_restore_in_place"
        ]
        assert finding.severity.label == "info"
        receipt = shop.create()
        with pytest.raises(BackupFailed) as caught:
            shop.restore(receipt.name)
        assert "permission denied to create database" in caught.value.message
        assert (
            caught.value.next_command
            == f"migrate_backup restore {receipt.name} --database default --in-place"
        )
        assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def scratch_databases(shop: Shop) -> list[str]:
    found = shop.server.query(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{names.SCRATCH_PREFIX}%"]
    )
    return [name for (name,) in found]


def test_killed_at_the_swap_there_is_always_a_database(shop: Shop) -> None:
    """Just before and just after the rename; the transaction makes that the only two states."""
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book")
    for when, rows in (("before", 0), ("after", BOOKS)):
        shop.connection.close()
        pid = os.fork()
        if pid == 0:  # pragma: no cover - dies before coverage is written
            die_at_the_swap(shop, receipt.name, when)
        _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert shop.sql("SELECT count(*) FROM shop_book") == [(rows,)]
    assert len(shop.backend.old_copies(shop.database)) == 1
    # What the first left behind was dropped by the second.
    assert scratch_databases(shop) == []


def die_at_the_swap(shop: Shop, name: str, when: str) -> None:  # pragma: no cover - dies
    from django_safe_migrate.backups import postgresql_swap

    original = postgresql_swap._swap

    def killed(*args: Any) -> None:
        if when == "after":
            original(*args)
        psutil.Process().kill()

    postgresql_swap._swap = killed
    try:
        shop.restore(name)
    finally:
        os._exit(1)


def test_a_dropped_database_comes_back(shop: Shop) -> None:
    receipt = shop.create()
    shop.connection.close()
    shop.server.drop_database(shop.connection.settings_dict["NAME"])
    assert shop.restore(receipt.name).kept == ""
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def test_owners_that_the_role_cannot_give(shop: Shop) -> None:
    shop.sql("CREATE ROLE vanished")
    shop.sql("ALTER TABLE shop_author OWNER TO vanished")
    receipt = shop.create()
    shop.sql("REASSIGN OWNED BY vanished TO safe_migrate")
    shop.sql("DROP OWNED BY vanished")
    shop.sql("DROP ROLE vanished")
    with pytest.raises(BackupFailed, match='role "vanished" does not exist') as caught:
        shop.restore(receipt.name)
    assert (
        caught.value.next_command
        == f"migrate_backup restore {receipt.name} --database default --no-owner"
    )
    shop.restore(receipt.name, no_owner=True)
    assert shop.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'shop_author'") == [
        ("safe_migrate",)
    ]


def test_tables_are_found_where_the_database_says(shop: Shop) -> None:
    """Its settings are carried over when the restored database is complete; what is compared before has to be found as well."""
    name = shop.connection.settings_dict["NAME"]
    shop.sql("CREATE SCHEMA app")
    shop.sql("CREATE TABLE app.shop_thing (id int)")
    shop.sql(f'ALTER DATABASE "{name}" SET search_path = app, public')
    shop.connection.close()
    receipt = shop.create()
    assert "shop_thing" in receipt.row_counts
    assert "of 4 tables compared" in shop.backend.prove(receipt.name, shop.database).proof
    shop.restore(receipt.name)
    assert shop.sql("SHOW search_path") == [("app, public",)]
    assert "shop_thing" in shop.tables()
