"""Dumps of PostgreSQL: complete, consistent, and made without a secret in sight."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import BOOKS, Shop, fill, running_programs
from tests.servers import Server
from tests.servers.base import PASSWORD, open_connection

pytestmark = pytest.mark.vendors("postgresql")


def test_manifest_and_dump_are_of_one_moment(shop: Shop) -> None:
    """Rows that are written while the dump waits for a lock are in neither, or the restore's own check would fail."""
    entry = dict(shop.connection.settings_dict)
    with open_connection(entry) as blocker, open_connection(entry) as writer:
        with blocker.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE shop_book IN ACCESS EXCLUSIVE MODE")
        receipts: list[Any] = []
        thread = threading.Thread(target=lambda: receipts.append(in_thread(shop)))
        thread.start()
        wait_for_session(shop.server, "pg_dump")
        with writer.cursor() as cursor:
            cursor.execute("INSERT INTO shop_author (name) VALUES ('late')")
        with blocker.cursor() as cursor:
            cursor.execute("COMMIT")
        thread.join()
    (receipt,) = receipts
    assert receipt.row_counts["shop_author"].rows == 3
    assert receipt.row_counts["shop_book"].rows == BOOKS
    shop.restore(receipt.name)
    assert shop.sql("SELECT count(*) FROM shop_author") == [(3,)]


def in_thread(shop: Shop) -> Any:
    with open_connection(dict(shop.connection.settings_dict)) as connection:
        connection.alias = "default"
        return DbBackupBackend(lock_wait=60).create(get_database(connection))


def wait_for_session(server: Server, application: str) -> None:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 30
    while server.query(sql, [application]) == [(0,)]:
        assert time.monotonic() < deadline, f"{application} does not wait for a lock"


def test_a_dump_gives_up_waiting_for_a_lock(shop: Shop) -> None:
    """What a migration of ours holds would otherwise be waited for until the end of time."""
    with open_connection(dict(shop.connection.settings_dict)) as blocker:
        with blocker.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        backend = DbBackupBackend(lock_wait="1s")
        with pytest.raises(BackupFailed, match="lock") as caught:
            backend.create(shop.database)
    assert shop.files() == []
    assert caught.value.changed == "The database was not changed."


def test_no_password_on_a_command_line_while_it_runs(shop: Shop) -> None:
    """Everyone on the machine can read the command lines of all processes."""
    seen: list[str] = []

    def look(what: str, done: int, total: int | None) -> None:
        for process in psutil.Process().children(recursive=True):
            try:
                seen.append(" ".join(process.cmdline()))
            except psutil.NoSuchProcess:
                continue

    shop.sql(
        "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 60000) n"
    )
    shop.create(progress=look)
    dumps = [line for line in seen if "pg_dump" in line]
    assert dumps
    assert not any(PASSWORD in line or "tell-no-one" in line for line in dumps)


def test_no_password_in_an_error(shop: Shop) -> None:
    shop.connection.settings_dict["PASSWORD"] = "wrong-but-secret"  # noqa: S105
    shop.connection.close()
    with pytest.raises(BackupFailed) as caught:
        shop.create()
    assert "wrong-but-secret" not in str(caught.value)
    assert "password authentication failed" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["with space", 'quo"te', "quo'te", "what?x=1&y", "back\\slash", "dbname=template1"]
)
def test_awkward_database_names(shop: Shop, name: str) -> None:
    name = f"{shop.connection.settings_dict['NAME']} {name}"
    quoted = '"' + name.replace('"', '""') + '"'
    shop.server.query(f"CREATE DATABASE {quoted}")
    entry = {**shop.connection.settings_dict, "NAME": name}
    kept = ""
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
                cursor.execute("SELECT current_database()")
                assert cursor.fetchone() == (name,)
            shop.backend.drop_old(database, kept)
    finally:
        shop.server.query(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


def test_a_unix_socket_and_a_search_path(shop: Shop) -> None:
    """HOST may be a folder, and OPTIONS carry what libpq knows."""
    settings = shop.connection.settings_dict
    shop.connection.close()
    settings["HOST"] = str(shop.server.socket_dir)  # type: ignore[attr-defined]
    settings["OPTIONS"] = {
        "options": "-c search_path=public -c statement_timeout=30000",
        "connect_timeout": 5,
    }
    receipt = shop.create()
    assert receipt.row_counts["shop_book"].rows == BOOKS
    assert shop.restore(receipt.name).kept


def test_limits_of_the_project_do_not_cut_a_backup_short(shop: Shop) -> None:
    """The project's statement_timeout is meant for its requests; here it would end the count that waits for a lock."""
    settings = shop.connection.settings_dict
    plain = {**settings, "OPTIONS": {}}
    settings["OPTIONS"] = {
        "options": "-c statement_timeout=300 -c idle_in_transaction_session_timeout=300"
    }
    shop.connection.close()
    receipts: list[Any] = []
    with open_connection(plain) as blocker, blocker.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE shop_book IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=lambda: receipts.append(in_thread(shop)))
        thread.start()
        wait_for_session(shop.server, "pg_dump")
        time.sleep(1)
        cursor.execute("COMMIT")
        thread.join()
    assert receipts[0].row_counts["shop_book"].rows == BOOKS


def test_every_schema_is_dumped_whatever_the_search_path(shop: Shop) -> None:
    shop.sql("CREATE SCHEMA tenant")
    shop.sql("CREATE TABLE tenant.note AS SELECT 1 AS n")
    receipt = shop.create()
    shop.sql("DROP SCHEMA tenant CASCADE")
    shop.restore(receipt.name)
    assert shop.sql("SELECT n FROM tenant.note") == [(1,)]


def test_a_large_table_is_estimated(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SAFE_MIGRATE = {"EXACT_COUNT_BELOW": 100}
    shop.sql("ANALYZE shop_book")
    counts = shop.create().row_counts
    assert not counts["shop_book"].exact
    assert counts["shop_book"].rows == BOOKS
    assert counts["shop_author"].exact


# --- clients ---------------------------------------------------------------------------------------------------------------


def test_a_missing_client_is_a_finding_and_an_error(shop: Shop, tmp_path: Path) -> None:
    backend = DbBackupBackend(bin_dir=str(tmp_path))
    (finding,) = [one for one in backend.check(shop.database) if one.is_blocking]
    assert finding.rule == "backup_client_missing"
    assert finding.message == (
        f"The program pg_dump was not found in {tmp_path}. Install PostgreSQL's client programs (Debian and Ubuntu: "
        'postgresql-client), or name their folder in SAFE_MIGRATE["BACKUP"]["OPTIONS"]["bin_dir"].'
    )
    with pytest.raises(BackupFailed, match=r"The program pg_dump was not found in"):
        backend.create(shop.database)
    assert shop.files() == []


def test_a_client_older_than_the_server(
    postgresql_server: Server, postgresql18_server: Server, shop: Shop
) -> None:
    entry = postgresql18_server.create_database()
    with open_connection(entry) as connection:
        fill(connection)
        connection.alias = "default"
        database = get_database(connection)
        # The fixture has put the programs of version 16 on PATH.
        (finding,) = [one for one in shop.backend.check(database) if one.is_blocking]
        assert finding.rule == "backup_client_outdated"
        assert finding.message == (
            f"pg_dump is of version 16, and the server of database 'default' is {database.server}: "
            "pg_dump refuses servers newer than itself."
        )
        with pytest.raises(BackupFailed, match="pg_dump is of version 16"):
            shop.backend.create(database)
        newer = DbBackupBackend(bin_dir=str(postgresql18_server.bin_dir))
        receipt = newer.create(database)
        assert receipt.client.startswith("pg_dump 18.")
        kept = newer.restore(receipt.name, database).kept
        newer.drop_old(database, kept)
    postgresql18_server.drop_database(entry)


def test_a_backup_of_a_newer_server(postgresql18_server: Server, shop: Shop) -> None:
    entry = postgresql18_server.create_database()
    newer = DbBackupBackend(bin_dir=str(postgresql18_server.bin_dir))
    with open_connection(entry) as connection:
        fill(connection)
        connection.alias = "default"
        receipt = newer.create(get_database(connection))
    postgresql18_server.drop_database(entry)
    servers = f"The backup was made on {receipt.server}, and database 'default' is on {shop.database.server}."
    # The programs of version 16 cannot read it; those of 18 write what a server of 16 does not know.
    for backend in (shop.backend, newer):
        for act in (backend.prove, backend.restore):
            with pytest.raises(BackupFailed) as caught:
                act(receipt.name, shop.database)
            assert caught.value.message.endswith(servers)
            assert caught.value.changed == "The database was not changed."
    with pytest.raises(BackupFailed, match="unsupported version") as caught:
        shop.backend.verify(receipt.name, "default")
    assert caught.value.message.endswith(servers)
    assert newer.verify(receipt.name, "default").is_verified
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def test_a_client_that_hangs_is_given_up(shop: Shop, tmp_path: Path) -> None:
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text(
            f"#!/bin/sh\n[ \"$1\" = --version ] && echo '{name} (PostgreSQL) 99.1' && exit\nexec sleep 600\n"
        )
        program.chmod(0o755)
    backend = DbBackupBackend(bin_dir=str(tmp_path), stall="1s")
    with pytest.raises(BackupFailed, match="pg_dump gave nothing for 1 s"):
        backend.create(shop.database)
    assert shop.files() == []
    assert running_programs("sleep") == []


def test_a_client_that_fails_half_way_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    real = Path(shop.server.bin_dir or "")
    (tmp_path / "pg_restore").symlink_to(real / "pg_restore")
    program = tmp_path / "pg_dump"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {real}/pg_dump --version\n'
        f"{real}/pg_dump \"$@\" | head -c 3000\necho 'pg_dump: error: the disk caught fire' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    backend = DbBackupBackend(bin_dir=str(tmp_path))
    with pytest.raises(BackupFailed) as caught:
        backend.create(shop.database)
    assert caught.value.message == (
        "There is no verified backup of database 'default'. pg_dump ended with status 1: pg_dump: error: the disk caught fire"
    )
    assert shop.files() == []


def test_interrupting_ends_the_client_and_removes_the_file(shop: Shop) -> None:
    class Stop(BaseException):
        """As KeyboardInterrupt."""

    def interrupt(what: str, done: int, total: int | None) -> None:
        if done:
            raise Stop

    shop.sql(
        "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 50) FROM generate_series(1, 100000) n"
    )
    with pytest.raises(Stop):
        shop.create(progress=interrupt)
    assert shop.files() == []
    assert running_programs("pg_dump") == []


def test_killing_our_process_ends_the_client(shop: Shop, tmp_path: Path) -> None:
    """pg_dump writes into a pipe that nobody reads any more."""
    script = textwrap.dedent(
        """
        import subprocess, sys, os
        from django_safe_migrate.backups.programs import running
        with running(["sh", "-c", "echo $$; exec cat /dev/zero"], env=dict(os.environ), stdout=subprocess.PIPE) as program:
            for piece in program.output(stall=60):
                print(piece.split()[0].decode(), flush=True)
                os.kill(os.getpid(), 9)
        """
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    pid = int(result.stdout)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=30)


def test_a_flipped_bit_anywhere_is_found(shop: Shop) -> None:
    receipt = shop.create()
    path = shop.folder / receipt.name
    content = path.read_bytes()
    for position in (0, 7, len(content) // 3, len(content) // 2, len(content) - 1):
        flipped = bytearray(content)
        flipped[position] ^= 0x10
        path.write_bytes(flipped)
        with pytest.raises(
            BackupFailed, match="The content of the backup .* is not what was written"
        ):
            shop.backend.verify(receipt.name, "default")
        with pytest.raises(
            BackupFailed, match="The content of the backup .* is not what was written"
        ):
            shop.restore(receipt.name)
    path.write_bytes(content)
    shop.backend.verify(receipt.name, "default")
