"""Restoring MariaDB beside the present database: what RENAME TABLE cannot move comes along all the same."""

from __future__ import annotations

import os
import signal
from typing import Any

import psutil
import pytest

from django_safe_migrate.backups import mysql_record, mysql_swap, names
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import AUTHORS, BOOKS, Shop
from tests.servers.base import open_connection

pytestmark = pytest.mark.vendors("mariadb")


def add_programs(shop: Shop) -> None:
    """A view on a view, a trigger, a function, a procedure with a comment, and an event."""
    shop.sql("CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2")
    shop.sql("CREATE VIEW titles AS SELECT id, title, twice(id) AS doubled FROM shop_book")
    shop.sql("CREATE VIEW short_titles AS SELECT title FROM titles WHERE char_length(title) < 20")
    shop.sql("CREATE TABLE audit (author varchar(200))")
    shop.sql(
        "CREATE TRIGGER author_audit AFTER INSERT ON shop_author FOR EACH ROW INSERT INTO audit VALUES (NEW.name)"
    )
    shop.sql("CREATE PROCEDURE forget() BEGIN /* all of it */ DELETE FROM audit; END")
    shop.sql("CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM audit")


def programs(shop: Shop, database: str) -> dict[str, Any]:
    """Definitions as the server shows them, without the name of the database."""
    found: dict[str, Any] = {}
    for kind, sql in {
        "views": "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s",
        "triggers": "SELECT TRIGGER_NAME, ACTION_STATEMENT, EVENT_OBJECT_TABLE, SQL_MODE, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s",
        "routines": "SELECT ROUTINE_NAME, ROUTINE_DEFINITION, SQL_MODE, DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s",
        "events": "SELECT EVENT_NAME, EVENT_DEFINITION, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s",
        "keys": "SELECT CONSTRAINT_NAME, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA = CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = %s",
    }.items():
        rows = shop.server.query(
            sql + " ORDER BY 1", [database], dict(shop.connection.settings_dict)
        )
        found[kind] = [
            tuple(str(cell).replace(f"`{database}`.", "") for cell in row) for row in rows
        ]
    return found


def test_views_triggers_routines_and_events_come_back(shop: Shop) -> None:
    add_programs(shop)
    name = shop.connection.settings_dict["NAME"]
    before = programs(shop, name)
    assert all(before.values())
    receipt = shop.create()
    assert receipt.objects == {
        "views": 2, "triggers": 1, "routines": 2, "events": 1, "foreign keys": 1, "index columns": receipt.objects["index columns"],
    }  # fmt: skip
    shop.sql("DROP VIEW short_titles")
    shop.sql("DROP PROCEDURE forget")
    shop.sql("CREATE VIEW new_view AS SELECT 1 AS one")
    shop.sql(
        "CREATE TRIGGER new_trigger BEFORE INSERT ON shop_book FOR EACH ROW SET NEW.title = 'x'"
    )
    shop.sql(
        "CREATE TABLE shop_review (id int PRIMARY KEY, author_id bigint, FOREIGN KEY (author_id) REFERENCES shop_author (id))"
    )
    shop.sql("DELETE FROM shop_book")
    old = programs(shop, name)

    result = shop.restore(receipt.name)

    assert programs(shop, name) == before
    assert shop.sql("SELECT count(*) FROM short_titles") == [(100,)]
    assert shop.sql("SELECT max(doubled) FROM titles") == [(BOOKS * 2,)]
    shop.sql("INSERT INTO shop_author (name) VALUES ('new')")
    assert shop.sql("SELECT author FROM audit") == [("new",)]
    # The kept database has everything that it had, save events: they would go on changing it.
    assert programs(shop, result.kept) == {**old, "events": []}
    kept = {**shop.connection.settings_dict, "NAME": result.kept}
    assert shop.server.query("SELECT count(*) FROM new_view", None, kept) == [(1,)]
    assert shop.server.query("SELECT count(*) FROM shop_book", None, kept) == [(0,)]
    assert scratch_databases(shop) == []
    shop.backend.drop_old(shop.database, result.kept)
    assert shop.backend.old_copies(shop.database) == ()
    assert shop.sql("SELECT count(*) FROM short_titles") == [(100,)]


def test_foreign_keys_lead_to_the_tables_beside_them(shop: Shop) -> None:
    receipt = shop.create()
    result = shop.restore(receipt.name)
    for database in (shop.connection.settings_dict["NAME"], result.kept):
        entry = {**shop.connection.settings_dict, "NAME": database}
        with open_connection(entry) as connection, connection.cursor() as cursor:
            with pytest.raises(Exception, match="foreign key constraint fails"):
                cursor.execute("INSERT INTO shop_book (title, author_id) VALUES ('x', 999)")
            cursor.execute("INSERT INTO shop_book (title, author_id) VALUES ('x', 1)")


def test_an_open_transaction_does_not_stop_the_swap_and_the_run_lock_survives(shop: Shop) -> None:
    receipt = shop.create()
    lock = shop.database.run_lock()
    assert lock.try_acquire()
    with open_connection(dict(shop.connection.settings_dict)) as idle, idle.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM shop_book")
        assert shop.restore(receipt.name).kept
    assert lock.is_held()
    lock.release()
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def test_the_hook_sees_the_restored_database_before_it_has_the_name(shop: Shop) -> None:
    receipt = shop.create()

    def carry_over(connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT database()")
            assert cursor.fetchone()[0].startswith(names.SCRATCH_PREFIX)
            cursor.execute("INSERT INTO shop_author (name) VALUES ('carried over')")

    shop.restore(receipt.name, before_swap=carry_over)
    assert shop.sql("SELECT count(*) FROM shop_author") == [(AUTHORS + 1,)]


@pytest.mark.parametrize(
    ("step", "rows"),
    [("_record", 0), ("drop_triggers", 0), ("_rename", 0), ("_finish", BOOKS), ("finished", BOOKS)],
)
def test_killed_at_any_step_of_the_swap_it_is_undone_or_finished(
    shop: Shop, step: str, rows: int
) -> None:
    add_programs(shop)
    name = shop.connection.settings_dict["NAME"]
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book")
    shop.sql("DROP VIEW short_titles")
    old = programs(shop, name)
    new_views = 2
    shop.connection.close()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - dies before coverage is written
        die_at(shop, receipt.name, step)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL

    assert shop.sql("SELECT count(*) FROM shop_book") == [(rows,)]
    findings = [
        one for one in shop.backend.check(shop.database) if one.rule == "interrupted_restore"
    ]
    if step == "_record":
        # Nothing was dropped or moved yet.
        assert findings == []
    else:
        assert (
            findings[0].message
            == "A restore of database 'default' was interrupted between two of its steps."
        )
        with pytest.raises(
            BackupFailed, match="was interrupted, and its triggers or views may be missing now"
        ) as caught:
            shop.create()
        assert caught.value.next_command == "migrate_backup repair --database default"
    assert shop.backend.old_copies(shop.database) == ()

    done = shop.backend.repair(shop.database)
    if rows:
        kept = shop.backend.old_copies(shop.database)[0]
        assert done == (
            f"The interrupted restore of {name} was finished; its old state is kept as {kept}.",
        )
        assert len(programs(shop, name)["views"]) == new_views
        assert programs(shop, name)["events"]
        assert scratch_databases(shop) == []
    else:
        assert programs(shop, name) == old
        undone = f"The interrupted restore of {name} was undone: it is as it was before."
        # The scratch database goes with the record of the swap, or by itself where that was not written yet.
        assert all(one == undone or names.SCRATCH_PREFIX in one for one in done)
        assert scratch_databases(shop) == []
        before = f"{name}_before_%"
        assert (
            shop.server.query(
                "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s",
                [before],
            )
            == []
        )
    assert shop.backend.repair(shop.database) == ()
    shop.create()


def die_at(shop: Shop, name: str, step: str) -> None:  # pragma: no cover - dies
    def die(*args: Any) -> None:
        psutil.Process().kill()

    if step == "_record":
        mysql_record.write = die
    elif step == "finished":
        original = mysql_swap.execute

        def execute(connection: Any, sql: str, params: Any = None) -> None:
            if sql.startswith("UPDATE"):
                die()
            original(connection, sql, params)

        mysql_swap.execute = execute  # type: ignore[assignment]
    else:
        setattr(mysql_swap, step, die)
    try:
        shop.backend.restore(name, get_database(shop.connection))
    finally:
        os._exit(1)


def test_triggers_come_back_when_the_swap_fails(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_programs(shop)
    name = shop.connection.settings_dict["NAME"]
    before = programs(shop, name)
    receipt = shop.create()

    def fail(*args: Any) -> None:
        raise BackupFailed("The tables could not be moved.")

    monkeypatch.setattr(mysql_swap, "_rename", fail)
    with pytest.raises(BackupFailed) as caught:
        shop.restore(receipt.name)
    assert (
        caught.value.message
        == f"The backup {receipt.name} was not restored. The tables could not be moved."
    )
    assert caught.value.changed == "The database was not changed."
    assert programs(shop, name) == before
    assert scratch_databases(shop) == []
    assert shop.backend.old_copies(shop.database) == ()


def test_a_user_who_may_not_create_databases(shop: Shop) -> None:
    name = shop.connection.settings_dict["NAME"]
    settings = shop.connection.settings_dict
    saved = dict(settings)
    shop.sql("CREATE OR REPLACE USER limited@'127.0.0.1' IDENTIFIED BY 'limited-pw'")
    shop.sql(f"GRANT ALL PRIVILEGES ON `{name}`.* TO limited@'127.0.0.1'")
    shop.connection.close()
    settings.update(USER="limited", PASSWORD="limited-pw")  # noqa: S106
    try:
        receipt = shop.create()
        shop.sql("DELETE FROM shop_book")
        with pytest.raises(BackupFailed, match="Access denied") as caught:
            shop.restore(receipt.name)
        assert (
            caught.value.next_command
            == f"migrate_backup restore {receipt.name} --database default --in-place"
        )
        result = shop.restore(receipt.name, in_place=True)
        assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
        assert shop.backend.verify(result.kept, "default").row_counts["shop_book"].rows == 0
    finally:
        shop.connection.close()
        settings.update(saved)
        shop.sql("DROP USER limited@'127.0.0.1'")


def test_a_dropped_database_comes_back(shop: Shop) -> None:
    receipt = shop.create()
    shop.connection.close()
    shop.server.drop_database(shop.connection.settings_dict["NAME"])
    shop.restore(receipt.name)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def scratch_databases(shop: Shop) -> list[str]:
    sql = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s"
    found = shop.server.query(sql, [f"{names.SCRATCH_PREFIX}%"])
    return [name for (name,) in found]
