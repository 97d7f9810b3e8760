"""Dumps of MariaDB: complete, consistent, and made without a secret in sight."""

from __future__ import annotations

import gzip
from pathlib import Path

import psutil
import pytest

from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import BOOKS, Shop, fill
from tests.servers.base import open_connection

pytestmark = pytest.mark.vendors("mariadb")


def test_writers_do_not_wait_for_a_dump_and_the_counts_are_of_the_dump(shop: Shop) -> None:
    """One snapshot: rows written meanwhile are neither in the dump nor in its manifest."""
    shop.sql("CREATE TABLE a_large (n int PRIMARY KEY, t text) ENGINE=InnoDB")
    shop.sql("INSERT INTO a_large SELECT seq, repeat('x', 500) FROM seq_1_to_40000")
    entry, seen = dict(shop.connection.settings_dict), []

    def write(what: str, done: int, total: int | None) -> None:
        if what == "dumping" and not seen:
            with open_connection(entry) as connection, connection.cursor() as cursor:
                cursor.execute("SET lock_wait_timeout = 2")
                cursor.execute("INSERT INTO shop_author (name) VALUES ('meanwhile')")
                seen.append(1)

    receipt = shop.create(progress=write)
    assert seen
    assert receipt.counts_match_dump
    assert receipt.row_counts["shop_author"].rows == 3
    assert shop.sql("SELECT count(*) FROM shop_author") == [(4,)]
    shop.restore(receipt.name)
    assert shop.sql("SELECT count(*) FROM shop_author") == [(3,)]


def test_no_password_on_a_command_line_or_in_the_environment_while_it_runs(shop: Shop) -> None:
    seen: list[str] = []

    def look(what: str, done: int, total: int | None) -> None:
        for process in psutil.Process().children(recursive=True):
            try:
                seen.append(" ".join([*process.cmdline(), *process.environ().values()]))
            except psutil.NoSuchProcess:
                continue

    shop.sql("CREATE TABLE a_large (n int PRIMARY KEY, t text)")
    shop.sql("INSERT INTO a_large SELECT seq, repeat('x', 500) FROM seq_1_to_20000")
    receipt = shop.create(progress=look)
    shop.restore(receipt.name, progress=look)
    programs = [line for line in seen if "mariadb" in line]
    assert any("mariadb-dump" in line for line in programs)
    assert any("--batch" in line for line in programs)
    assert not any("tell-no-one" in line for line in programs)


def test_no_password_in_an_error(shop: Shop) -> None:
    shop.connection.settings_dict["PASSWORD"] = "wrong-but-secret"  # noqa: S105
    shop.connection.close()
    with pytest.raises(BackupFailed) as caught:
        shop.create()
    assert "wrong-but-secret" not in str(caught.value)
    assert "Access denied" in str(caught.value)


@pytest.mark.parametrize("name", ["with space", "back`tick", "quo'te", 'dou"ble', "per%cent"])
def test_awkward_database_names(shop: Shop, name: str) -> None:
    name = f"{shop.connection.settings_dict['NAME']} {name}"
    quoted = "`" + name.replace("`", "``") + "`"
    shop.sql(f"CREATE DATABASE {quoted.replace('%', '%%')} CHARACTER SET utf8mb4", [])
    entry = {**shop.connection.settings_dict, "NAME": name}
    try:
        with open_connection(entry) as connection:
            fill(connection)
            connection.alias = "default"
            database = get_database(connection)
            receipt = shop.backend.create(database)
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE shop_book")
            kept = shop.backend.restore(receipt.name, database).kept
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM shop_book")
                assert cursor.fetchone() == (BOOKS,)
            shop.backend.drop_old(database, kept)
    finally:
        shop.sql(f"DROP DATABASE IF EXISTS {quoted.replace('%', '%%')}", [])


def test_a_socket(shop: Shop) -> None:
    shop.connection.close()
    shop.connection.settings_dict["HOST"] = str(shop.server.socket)  # type: ignore[attr-defined]
    receipt = shop.create()
    assert shop.restore(receipt.name).kept


def test_options_of_the_user_do_not_change_what_is_dumped(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ~/.my.cnf that leaves rows out is a backup without rows."""
    (tmp_path / ".my.cnf").write_text(
        "[mysqldump]\nno-data\n[mariadb-dump]\nno-data\n[client]\npassword=wrong\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shop.create().row_counts["shop_book"].rows == BOOKS


def test_every_byte_and_character_comes_back(shop: Shop) -> None:
    shop.sql(
        "CREATE TABLE odd (id int PRIMARY KEY, t longtext, b longblob, j json, d datetime(6)) CHARACTER SET utf8mb4"
    )
    text = "line\n(not a row),\n\\'\"`😀\x00\x1a\r\n/* */;-- end\nINSERT INTO `odd` VALUES\n(1)"
    blob = bytes(range(256)) * 50
    shop.sql(
        "INSERT INTO odd VALUES (1, %s, %s, %s, '2026-02-03 04:05:06.000007')",
        [text, blob, '{"a": [1]}'],
    )
    shop.sql("INSERT INTO odd VALUES (2, NULL, NULL, NULL, NULL)")
    before = shop.sql("SELECT * FROM odd ORDER BY id")
    receipt = shop.create()
    assert receipt.row_counts["odd"].rows == 2
    shop.sql("DELETE FROM odd")
    shop.restore(receipt.name)
    assert shop.sql("SELECT * FROM odd ORDER BY id") == before


def test_a_dump_without_its_last_line_is_refused(shop: Shop, tmp_path: Path) -> None:
    """The program may be killed in a way that leaves the exit status of success."""
    for name in ("mariadb", "mysql"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / name).chmod(0o755)
    program = tmp_path / "mariadb-dump"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exec /usr/bin/mariadb-dump --version\n/usr/bin/mariadb-dump "$@" | head -c 2000\n'
    )
    program.chmod(0o755)
    with pytest.raises(BackupFailed) as caught:
        DbBackupBackend(bin_dir=str(tmp_path)).create(shop.database)
    assert caught.value.message == (
        "There is no verified backup of database 'default'. mariadb-dump 10.11.19 ended well, and its dump lacks the last line."
    ).replace("10.11.19", caught.value.message.split("mariadb-dump ")[1].split(" ")[0])
    assert shop.files() == []


def test_the_dump_ends_with_its_last_line_and_is_one_gzip_file(shop: Shop) -> None:
    receipt = shop.create()
    lines = gzip.decompress((shop.folder / receipt.name).read_bytes()).splitlines()
    assert lines[-1].startswith(b"-- Dump completed")


def test_a_dump_that_waits_for_a_lock_is_given_up(shop: Shop) -> None:
    backend = DbBackupBackend(lock_wait="1s", stall="1s")
    with (
        open_connection(dict(shop.connection.settings_dict)) as blocker,
        blocker.cursor() as cursor,
    ):
        cursor.execute("LOCK TABLES shop_book WRITE")
        with pytest.raises(BackupFailed, match="gave nothing for 1 s"):
            backend.create(shop.database)
    assert shop.files() == []


def test_tables_without_transactions_are_a_finding(shop: Shop) -> None:
    shop.sql("CREATE TABLE legacy (id int) ENGINE=MyISAM")
    (finding,) = [
        one
        for one in shop.backend.check(shop.database)
        if one.rule == "backup_tables_not_transactional"
    ]
    assert finding.message == (
        "Tables whose engine has no transactions may be dumped in another state than the rest: legacy."
    )
    assert not finding.is_blocking


def test_a_missing_client_is_a_finding(shop: Shop, tmp_path: Path) -> None:
    backend = DbBackupBackend(bin_dir=str(tmp_path))
    (finding,) = [one for one in backend.check(shop.database) if one.is_blocking]
    assert finding.rule == "backup_client_missing"
    assert finding.message.startswith(
        f"None of the programs mariadb, mysql was found in {tmp_path}."
    )
    with pytest.raises(
        BackupFailed, match=r"None of the programs mariadb-dump, mysqldump was found"
    ):
        backend.create(shop.database)


def test_a_flipped_bit_anywhere_is_found(shop: Shop) -> None:
    receipt = shop.create()
    path = shop.folder / receipt.name
    content = path.read_bytes()
    for position in (0, 5, len(content) // 2, len(content) - 1):
        flipped = bytearray(content)
        flipped[position] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(
            BackupFailed, match="The content of the backup .* is not what was written"
        ):
            shop.backend.verify(receipt.name, "default")


def test_migrations_recorded_meanwhile_are_noticed(shop: Shop) -> None:
    """Without a shared snapshot the manifest could otherwise say something that is not in the dump."""
    entry, seen = dict(shop.connection.settings_dict), []

    def record(what: str, done: int, total: int | None) -> None:
        if not seen:
            seen.append(1)
            with open_connection(entry) as connection, connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002', now())"
                )

    with pytest.raises(
        BackupFailed,
        match="Migrations were recorded by somebody else while the database was dumped",
    ):
        shop.create(progress=record)
    assert shop.files() == []
