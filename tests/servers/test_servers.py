"""The servers of the tests start, survive a crash, keep their data and demand their password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from django.db import OperationalError

from tests.servers import Server
from tests.servers.folders import OWNER_FILE, PROCESS_FILE, make_server_folder, remove_stale_folders


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_password_is_demanded(vendor_server: Server) -> None:
    entry = vendor_server.database_settings(vendor_server.maintenance_database)
    with pytest.raises(OperationalError, match="(?i)password"):
        vendor_server.query("SELECT 1", database={**entry, "PASSWORD": "wrong"})


def test_a_new_database_is_empty_and_can_be_dropped(vendor_server: Server) -> None:
    entry = vendor_server.create_database()
    vendor_server.query("CREATE TABLE box (id integer)", database=entry)
    vendor_server.query("INSERT INTO box VALUES (7)", database=entry)
    assert vendor_server.query("SELECT id FROM box", database=entry) == [(7,)]
    assert vendor_server.query("SELECT 1", database=vendor_server.create_database()) == [(1,)]

    vendor_server.drop_database(entry)

    if vendor_server.vendor == "sqlite":
        assert not Path(entry["NAME"]).exists()
    else:
        with pytest.raises(OperationalError):
            vendor_server.query("SELECT 1", database=entry)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_committed_rows_outlive_a_kill_and_a_restart(
    name: str, make_server: Callable[..., Server]
) -> None:
    server = make_server(name)
    entry = server.create_database()
    server.query("CREATE TABLE box (id integer)", database=entry)
    server.query("INSERT INTO box VALUES (7)", database=entry)

    server.kill()
    assert not server.is_running
    with pytest.raises(OperationalError):
        server.query("SELECT 1")
    server.start()
    assert server.query("SELECT id FROM box", database=entry) == [(7,)]

    server.restart()
    assert server.query("SELECT id FROM box", database=entry) == [(7,)]
    server.remove()
    assert not server.folder.exists()


@pytest.mark.postgresql
def test_postgresql_takes_extra_configuration_and_brings_its_own_client(
    make_server: Callable[..., Server],
) -> None:
    server = make_server("postgresql", major=18, config=["lock_timeout = 1234"])
    assert server.query("SHOW lock_timeout") == [("1234ms",)]
    assert server.version.startswith("18.")
    client = subprocess.check_output(["pg_dump", "--version"], env=server.environment(), text=True)  # noqa: S607
    assert client.split()[-1] == server.version


@pytest.mark.mariadb
def test_mariadb_takes_extra_configuration(make_server: Callable[..., Server]) -> None:
    server = make_server("mariadb", config=["--lock-wait-timeout=77"])
    assert server.query("SELECT @@lock_wait_timeout") == [(77,)]


@pytest.mark.postgresql
def test_a_database_in_use_can_be_dropped(make_server: Callable[..., Server]) -> None:
    pytest.importorskip("psycopg")
    server = make_server("postgresql")
    entry = server.create_database("busy")
    import psycopg

    with psycopg.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user,
        password=server.password,
        dbname="busy",
    ):
        server.drop_database(entry)
    assert server.query("SELECT count(*) FROM pg_database WHERE datname = 'busy'") == [(0,)]


def test_what_a_killed_run_left_behind_is_cleared_away() -> None:
    folder = make_server_folder("abandoned")
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    created = psutil.Process(server.pid).create_time()
    dead.wait()
    (folder / OWNER_FILE).write_text(json.dumps({"pid": dead.pid, "created": created - 1000}))
    (folder / PROCESS_FILE).write_text(json.dumps({"pid": server.pid, "created": created}))

    assert folder in remove_stale_folders()

    assert not psutil.pid_exists(server.pid)
    server.wait(timeout=30)
    assert not folder.exists()


def test_a_folder_in_use_is_left_alone() -> None:
    folder = make_server_folder("in-use")
    try:
        assert folder not in remove_stale_folders()
        assert json.loads((folder / OWNER_FILE).read_text())["pid"] == os.getpid()
    finally:
        (folder / OWNER_FILE).write_text(json.dumps({"pid": os.getpid(), "created": 0}))
        assert folder in remove_stale_folders()
