"""What a proof compares beside counts: the values of rows, and where sequences stand."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import override_settings

from django_safe_migrate.backups import Receipt
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import BOOKS, Shop

#: A table with a column of every kind whose text depends on something, and rows for it.
ODD = {
    "sqlite": (
        "CREATE TABLE odd (id integer PRIMARY KEY, f real, t text, b blob, n numeric, j json, g AS (f * 2) STORED)",
        "INSERT INTO odd (f, t, b, n, j) VALUES (0.1 + 0.2, 'a' || char(0) || 'b', x'00ff0a', 1e300, '{\"a\": 1}'), "
        "(9e999, CAST(x'ff28' AS text), NULL, 'text', NULL)",
    ),
    "postgresql": (
        "CREATE TABLE odd (id serial PRIMARY KEY, f double precision, r real, t text, b bytea, tz timestamptz, d date, i interval, "
        "j jsonb, a text[], m money, c regclass, g double precision GENERATED ALWAYS AS (f * 2) STORED)",
        "INSERT INTO odd (f, r, t, b, tz, d, i, j, a, m, c) VALUES (0.1::float8 + 0.2::float8, 1.1, E'a\\n,\"b', '\\x00ff0a', "
        "'2026-03-29 01:30+00', '2026-03-29', '1 mon 2 days 03:04:05.6', '{\"b\": [1, 2]}', ARRAY['x,y', NULL, '\"'], 12.34, "
        "'shop_author'), ('NaN', 'Infinity', NULL, NULL, 'infinity', NULL, NULL, NULL, '{}', NULL, NULL)",
    ),
    "mysql": (
        "CREATE TABLE odd (id int AUTO_INCREMENT PRIMARY KEY, f double, r float, t longtext, b blob, tz timestamp NULL, "
        "d decimal(20, 10), j json, bits bit(9), e enum('a', 'b'), g double AS (f * 2) STORED)",
        "INSERT INTO odd (f, r, t, b, tz, d, j, bits, e) VALUES (0.1e0 + 0.2e0, 16777217.1, 'a\\n(1),\\r\\0b;', x'00ff0a', "
        "'2026-03-29 05:30:00', 1.0000000001, '{\"a\": 1}', b'101', 'b'), (1e300, NULL, REPEAT('(long\\n', 300000), NULL, NULL, "
        "NULL, NULL, NULL, NULL)",
    ),
}

SETTINGS = (
    "timezone TO 'Asia/Tokyo'",
    "datestyle TO 'German'",
    "extra_float_digits TO 0",
    "bytea_output TO 'escape'",
    "intervalstyle TO 'iso_8601'",
)


def reseal(shop: Shop, receipt: Receipt, **changes: Any) -> None:
    """Change a manifest as somebody would who knows how it is sealed."""
    manifest = shop.folder / f"{receipt.name}.metadata"
    data = json.loads(manifest.read_text())
    data["safe_migrate"] = dataclasses.replace(receipt, **changes).to_json()
    manifest.write_text(json.dumps(data))


def prove(shop: Shop, receipt: Receipt) -> Receipt:
    return shop.backend.prove(receipt.name, shop.database)


def test_values_are_compared_and_other_settings_of_the_session_change_nothing(shop: Shop) -> None:
    vendor = shop.connection.vendor
    create, insert = ODD[vendor]
    shop.sql(create)
    shop.sql(insert)
    receipt = shop.create()
    assert set(receipt.row_checksums) == {"django_migrations", "odd", "shop_author", "shop_book"}
    with contextlib.ExitStack() as stack:
        if vendor == "postgresql":
            for setting in SETTINGS:
                shop.sql(f"ALTER ROLE safe_migrate SET {setting}")
            stack.callback(shop.sql, "ALTER ROLE safe_migrate RESET ALL")
            shop.connection.close()
        assert "checksums of all rows of 4 tables compared" in prove(shop, receipt).proof
    # The same rows in another order are the same rows.
    again = shop.create()
    assert again.row_checksums == receipt.row_checksums


def test_rows_that_were_exchanged_are_noticed(shop: Shop) -> None:
    before = shop.create()
    shop.sql("UPDATE shop_book SET title = 'other' WHERE id = 7")
    after = shop.create()
    changed = {
        table
        for table in before.row_checksums
        if before.row_checksums[table] != after.row_checksums[table]
    }
    assert changed == {"shop_book"}
    reseal(shop, after, row_checksums=before.row_checksums)
    with pytest.raises(BackupFailed) as failure:
        prove(shop, after)
    assert failure.value.message == (
        f"The backup {after.name} is not proven. The database restored from {after.name} is not what was backed up: "
        "The rows of the table shop_book are not those that were backed up: as many, with other values."
    )
    assert failure.value.changed == "The database was not changed."


def test_a_sequence_that_was_set_back_is_noticed(shop: Shop) -> None:
    receipt = shop.create()
    (name,) = [one for one in receipt.sequences if "shop_book" in one]
    stands = receipt.sequences[name][0]
    assert stands == {"mysql": BOOKS + 1}.get(shop.connection.vendor, BOOKS)
    reseal(shop, receipt, sequences={**receipt.sequences, name: (stands + 40, None)})
    with pytest.raises(BackupFailed) as failure:
        prove(shop, receipt)
    assert failure.value.message.endswith(
        f"The sequence {name} stands at {stands}, and stood at {stands + 40} when the backup was made."
    )


@contextlib.contextmanager
def busy(shop: Shop) -> Iterator[Callable[[], int]]:
    """Insert, change and delete rows all the time, and yield how often that was done."""
    done, stop, failures = [0], threading.Event(), list[BaseException]()

    def work() -> None:
        connection = get_database(shop.connection).new_connection("busy")
        try:
            with connection.cursor() as cursor:
                while not stop.is_set():
                    cursor.execute("INSERT INTO shop_author (name) VALUES ('new')")
                    cursor.execute(f"UPDATE shop_book SET title = '{done[0]}' WHERE id <= 20")
                    cursor.execute(f"DELETE FROM shop_book WHERE id = {100 + done[0] % 100}")
                    done[0] += 1
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: done[0]
    finally:
        stop.set()
        thread.join()
    assert failures == []


def test_writing_during_the_backup_gives_no_false_alarm(shop: Shop) -> None:
    if shop.connection.vendor == "sqlite":
        shop.sql("PRAGMA journal_mode = WAL")
    with busy(shop) as times:
        while times() < 5:
            pass
        receipts, first = [shop.create() for _ in range(3)], times()
        while times() < first + 5:
            pass
    for receipt in receipts:
        proof = prove(shop, receipt).proof
        assert "checksums of all rows of 3 tables compared, 3 sequences" in proof
    assert receipts[0].row_checksums["shop_book"] != receipts[2].row_checksums["shop_book"]


def test_large_tables_are_counted_only(shop: Shop) -> None:
    with override_settings(SAFE_MIGRATE={"BACKUP": {"CHECKSUM_BELOW": BOOKS}}):
        receipt = shop.create()
    assert set(receipt.row_checksums) == {"django_migrations", "shop_author"}
    assert "checksums of all rows of 2 tables compared" in prove(shop, receipt).proof
    with override_settings(SAFE_MIGRATE={"BACKUP": {"CHECKSUM_BELOW": 0}}):
        receipt = shop.create()
    assert receipt.row_checksums == {}
    assert (
        "counts only (the manifest has no checksums of rows), 3 sequences"
        in prove(shop, receipt).proof
    )


@pytest.mark.vendors("postgresql", "mariadb")
def test_another_version_is_no_reason_for_an_alarm(shop: Shop) -> None:
    receipt = shop.create()
    wrong = dict.fromkeys(receipt.row_checksums, "0" * 16)
    reseal(shop, receipt, server="PostgreSQL 9.6", client="mysqldump 4.1", row_checksums=wrong)
    assert (
        "counts only (the checksums of rows were not compared: they were taken "
        in prove(shop, receipt).proof
    )


@pytest.mark.vendors("postgresql")
def test_sequences_move_while_a_dump_is_made(shop: Shop) -> None:
    from django_safe_migrate.backups.postgresql_details import between

    before = {
        "moves": (3, 1),
        "falls": (9, -1),
        "was set back": (7, 1),
        "is gone": (1, 1),
        "rests": (5, 1),
    }
    after = {
        "moves": (8, 1),
        "falls": (2, -1),
        "was set back": (1, 1),
        "rests": (5, 1),
        "is new": (1, 1),
    }
    assert between(before, after) == {"moves": (3, 8), "falls": (2, 9), "rests": (5, 5)}
    # One that was never used, one that cycles, and one that was set without being used.
    shop.sql("CREATE SEQUENCE unused START 100")
    shop.sql("CREATE SEQUENCE cycling MAXVALUE 3 CYCLE")
    shop.sql("CREATE SEQUENCE falling INCREMENT -5 MINVALUE -1000 MAXVALUE 50 START 50")
    shop.sql("SELECT nextval('falling'), setval('unused', 40, false)")
    receipt = shop.create()
    assert receipt.sequences["public.unused"] == (99, 99)
    assert receipt.sequences["public.falling"] == (50, 50)
    assert "public.cycling" not in receipt.sequences
    assert "5 sequences" in prove(shop, receipt).proof


@pytest.mark.vendors("sqlite")
def test_a_virtual_table_has_no_checksum_and_its_own_tables_have(shop: Shop) -> None:
    shop.sql("CREATE VIRTUAL TABLE words USING fts5(word)")
    shop.sql("INSERT INTO words VALUES ('one'), ('two')")
    receipt = shop.create()
    assert "words" not in receipt.row_checksums
    assert "words_content" in receipt.row_checksums
    assert prove(shop, receipt).proven_at
