"""Backups of SQLite: correct under WAL, bounded in memory and time, and never the end of the only copy."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import ConnectionHandler, connections, transaction

from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import AUTHORS, BOOKS, Shop, fill
from tests.servers.base import open_connection

pytestmark = pytest.mark.vendors("sqlite")


def file_of(shop: Shop) -> Path:
    return Path(shop.connection.settings_dict["NAME"])


@pytest.fixture
def wal(shop: Shop) -> Iterator[sqlite3.Connection]:
    """Put the database into WAL mode, with a session that keeps a live -wal with rows that the main file lacks."""
    shop.sql("PRAGMA journal_mode = WAL")
    with sqlite3.connect(file_of(shop), isolation_level=None) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("INSERT INTO shop_author (name) VALUES ('in the wal')")
        assert Path(f"{file_of(shop)}-wal").stat().st_size > 0
        yield other
    other.close()


def test_rows_that_are_only_in_the_wal_are_dumped(shop: Shop, wal: sqlite3.Connection) -> None:
    main_file = file_of(shop).read_bytes()
    assert b"in the wal" not in main_file
    receipt = shop.create()
    assert receipt.row_counts["shop_author"].rows == AUTHORS + 1
    with sqlite3.connect(shop.folder / receipt.name) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    copy.close()
    assert shop.files() == [receipt.name, f"{receipt.name}.metadata"]


def test_a_restore_under_a_live_wal_takes_effect_for_every_session(
    shop: Shop, wal: sqlite3.Connection
) -> None:
    """Overwriting the main file would be a silent no-op: the frames in the -wal still win."""
    receipt = shop.create()
    wal.execute("ALTER TABLE shop_author ADD COLUMN age int")
    wal.executemany("INSERT INTO shop_author (name, age) VALUES (?, 1)", [("x",)] * 500)
    result = shop.restore(receipt.name)
    for session in (wal, None):
        rows = (
            session.execute("SELECT count(*) FROM shop_author").fetchall()
            if session
            else shop.sql("SELECT count(*) FROM shop_author")
        )
        assert rows == [(AUTHORS + 1,)]
    assert shop.database.columns("shop_author") == ("id", "name")
    assert wal.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert shop.sql("PRAGMA integrity_check") == [("ok",)]
    with sqlite3.connect(result.kept) as kept:
        assert kept.execute("SELECT count(*) FROM shop_author").fetchone() == (AUTHORS + 501,)
    kept.close()


def test_inside_an_open_transaction_it_refuses(shop: Shop) -> None:
    """The backup API would wait for us for ever, without a way to interrupt it."""
    with transaction.atomic():
        shop.sql("INSERT INTO shop_author (name) VALUES ('uncommitted')")
        with pytest.raises(BackupFailed) as caught:
            shop.create()
    assert caught.value.message == (
        "There is no verified backup of database 'default'. Database 'default' is inside an open transaction of this process; "
        "backups are made and restored outside of one."
    )
    with transaction.atomic(), pytest.raises(BackupFailed, match="inside an open transaction"):
        shop.restore(make_receipt(shop))


def make_receipt(shop: Shop) -> str:
    with open_connection(dict(shop.connection.settings_dict)) as connection:
        connection.alias = "default"
        return shop.backend.create(get_database(connection)).name


def test_a_lock_of_another_process_is_given_up(shop: Shop) -> None:
    receipt = shop.create()
    shop.connection.close()
    shop.connection.settings_dict["OPTIONS"] = {"timeout": 0.1}
    backend = DbBackupBackend(lock_wait="0.3s")
    with sqlite3.connect(file_of(shop), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BackupFailed, match="locked"):
            backend.create(shop.database)
        other.execute("ROLLBACK")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM shop_book").fetchone()
        with pytest.raises(
            BackupFailed, match="locked by another process for more than 0 s"
        ) as caught:
            backend.restore(receipt.name, shop.database)
        assert caught.value.changed == "The database was not changed."
        other.execute("ROLLBACK")
    other.close()
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


def test_a_busy_writer_does_not_make_it_start_over(shop: Shop, wal: sqlite3.Connection) -> None:
    """In WAL mode a copy without one view of its own would begin again at each commit."""
    shop.sql(
        "CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT i, hex(randomblob(300)) AS t FROM n"
    )
    steps: list[int] = []

    def write(what: str, done: int, total: int | None) -> None:
        if what == "dumping":
            steps.append(done)
            wal.execute("INSERT INTO shop_author (name) VALUES ('meanwhile')")

    receipt = shop.create(progress=write)
    assert len(steps) > 1
    assert steps == sorted(steps)
    assert receipt.row_counts["shop_author"].rows == AUTHORS + 1


def test_a_database_in_memory(storage_folder: Path, django_db_blocker: Any) -> None:
    handler = ConnectionHandler(
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    )
    connection: Any = handler["default"]
    original, connections["default"] = connections["default"], connection
    try:
        with django_db_blocker.unblock():
            fill(connection)
            backend, database = DbBackupBackend(), get_database(connection)
            receipt = backend.create(database)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM shop_book")
            result = backend.restore(receipt.name, database)
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM shop_book")
                assert cursor.fetchone() == (BOOKS,)
    finally:
        connections["default"] = original
        connection.connection.close()
    assert result.kept == ""
    assert result.notices == (
        "A database in memory cannot be kept: its state from before the restore is gone.",
    )


def test_a_flipped_bit_anywhere_is_found(shop: Shop) -> None:
    receipt = shop.create()
    path = shop.folder / receipt.name
    content = path.read_bytes()
    for position in (0, 20, len(content) // 2, len(content) - 1):
        flipped = bytearray(content)
        flipped[position] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(
            BackupFailed, match="The content of the backup .* is not what was written"
        ):
            shop.restore(receipt.name)


def test_the_hook_changes_the_restored_database_only(shop: Shop) -> None:
    receipt = shop.create()

    def carry_over(connection: Any) -> None:
        assert connections[connection.alias] is connection
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO shop_author (name) VALUES ('carried over')")

    result = shop.restore(receipt.name, before_swap=carry_over)
    assert shop.sql("SELECT count(*) FROM shop_author") == [(AUTHORS + 1,)]
    with sqlite3.connect(result.kept) as kept:
        assert kept.execute("SELECT count(*) FROM shop_author").fetchone() == (AUTHORS,)
    kept.close()
    assert shop.backend.verify(receipt.name, "default").row_counts["shop_author"].rows == AUTHORS


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_killed_while_pages_are_written_over_it_is_the_old_database(shop: Shop, mode: str) -> None:
    shop.sql(f"PRAGMA journal_mode = {mode}")
    shop.sql(
        "CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT i, hex(randomblob(300)) AS t FROM n"
    )
    receipt = shop.create()
    shop.sql("DELETE FROM large WHERE i > 20000")
    shop.sql("UPDATE large SET t = hex(randomblob(300))")
    shop.connection.close()

    def die(what: str, done: int, total: int | None) -> None:  # pragma: no cover - dies
        if what == "restoring" and total and done > total / 2:
            psutil.Process().kill()

    pid = os.fork()
    if pid == 0:  # pragma: no cover - dies
        try:
            shop.restore(receipt.name, progress=die)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert shop.sql("SELECT count(*) FROM large") == [(20000,)]
    assert shop.sql("PRAGMA integrity_check") == [("ok",)]
    shop.restore(receipt.name)
    assert shop.sql("SELECT count(*) FROM large") == [(30000,)]


MEASURE = """
import re, sys
from pathlib import Path
import django
from django.conf import settings
folder = Path(sys.argv[1])
settings.configure(
    SECRET_KEY="x", BASE_DIR=folder,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "large.sqlite3")}},
    STORAGES={"dbbackup": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder / "backups")}}},
)
django.setup()
from django.db import connection
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import get_database
database = get_database(connection)
connection.ensure_connection()
backend = get_backend()
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
receipt = backend.create(database)
backend.verify(receipt.name, "default")
backend.restore(receipt.name, database)
print(receipt.size, before, peak())
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc"
)
def test_a_large_file_does_not_go_through_memory(tmp_path: Path) -> None:
    """300 MB are backed up, verified and restored with less than 60 MB more than the process had before."""
    with sqlite3.connect(tmp_path / "large.sqlite3") as large:
        large.execute("PRAGMA synchronous = OFF")
        large.execute("CREATE TABLE blobs (id integer PRIMARY KEY, content blob)")
        large.executemany("INSERT INTO blobs (content) VALUES (zeroblob(?))", [(1_000_000,)] * 300)
    large.close()
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    size, before, after = (int(number) for number in result.stdout.split())
    assert size > 300_000_000
    kilobytes = after - before
    print(f"{size} bytes, {before} kB before, {after} kB at most")
    assert kilobytes < 60_000
