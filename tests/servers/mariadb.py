"""A private MariaDB server, from the programs that the system's package installs."""

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

INSTALL_HINT = "on Debian or Ubuntu: apt-get install mariadb-server libmariadb-dev pkg-config gcc"


class MariaDBServer(Server):
    """
    MariaDB on 127.0.0.1 and a socket, with a user who has a password.

    `config` is a list of extra `mariadbd` options. With `durable=False` the server does not wait for the disk.
    """

    name = "mariadb"
    vendor = "mysql"
    maintenance_database = "mysql"

    def __init__(self, config: Sequence[str] = (), durable: bool = False) -> None:
        self.program = find_program("mariadbd")
        self.installer = find_program("mariadb-install-db")
        if importlib.util.find_spec("MySQLdb") is None:
            raise ServerUnavailable(
                f"MariaDB tests need the Python driver mysqlclient, which is compiled when it is installed ({INSTALL_HINT})."
            )
        super().__init__()
        self.config = list(config)
        self.durable = durable
        self.account = processes.unprivileged_user("mysql")
        self.data = self.folder / "data"
        self.socket_dir = self.folder / "socket"
        self.socket = self.socket_dir / "mariadb.sock"
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.is_running:
            return
        is_new = not self.data.exists()
        if is_new:
            self._initialise()
        self.port = self.port or processes.free_port()
        self.socket.unlink(missing_ok=True)
        self._process = processes.start_process(
            [self.program, *self._options()], self.account, self.folder, self.log
        )
        record_server_process(self.folder, self._process.pid)
        processes.wait_until_ready(self._answers, self._process, self.log)
        (self.folder / "setup.sql").unlink(missing_ok=True)

    def _initialise(self) -> None:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        processes.give_to(self.account, self.data, self.socket_dir, temporary)
        processes.run_setup(
            [
                self.installer,
                "--no-defaults",
                f"--datadir={self.data}",
                f"--tmpdir={temporary}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *([f"--user={self.account}"] if self.account else []),
            ],
            None,
            self.folder,
            temporary,
        )
        setup = self.folder / "setup.sql"
        setup.write_text(self._setup_sql())
        if self.account:
            shutil.chown(setup, self.account)
        setup.chmod(0o600)

    def _setup_sql(self) -> str:
        password = self.password.replace("\\", "\\\\").replace("'", "''")
        lines = ["DELETE FROM mysql.global_priv WHERE User = '';", "FLUSH PRIVILEGES;"]
        for host in ("127.0.0.1", "localhost"):
            account = f"'{self.user}'@'{host}'"
            lines.append(f"CREATE USER {account} IDENTIFIED BY '{password}';")
            lines.append(f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;")
        # The installer left these without a password.
        lines.append("DROP USER IF EXISTS root@localhost, root@'127.0.0.1', root@'::1';")
        lines.append("FLUSH PRIVILEGES;")
        return "\n".join(lines) + "\n"

    def _options(self) -> list[str]:
        options = [
            "--no-defaults",
            f"--datadir={self.data}",
            f"--socket={self.socket}",
            # A folder of its own: servers that share one can take each other's temporary tables for their own.
            f"--tmpdir={self.folder / 'tmp'}",
            f"--pid-file={self.folder / 'data' / 'server.pid'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=48M",
            "--max-connections=60",
        ]
        if not self.durable:
            options += ["--innodb-flush-log-at-trx-commit=2", "--debug-no-sync"]
        setup = self.folder / "setup.sql"
        if setup.exists():
            options.append(f"--init-file={setup}")
        return [*options, *self.config]

    def _answers(self) -> bool:
        import MySQLdb

        try:
            MySQLdb.connect(
                host="127.0.0.1",
                port=self.port,
                user=self.user,
                password=self.password,
                connect_timeout=5,
            ).close()
        except MySQLdb.OperationalError:
            return False
        return True

    def stop(self) -> None:
        if self._process is None:
            return
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
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
        text = subprocess.check_output([str(self.program), "--no-defaults", "--version"], text=True)
        return text.split("Ver ")[1].split("-")[0]

    def database_settings(self, name: str) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.mysql",
            "NAME": name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def create_database(self, name: str | None = None) -> dict[str, Any]:
        name = name or new_database_name()
        self.query(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return self.database_settings(name)

    def drop_database(self, database: str | dict[str, Any]) -> None:
        name = self._name(database)
        # A session that still holds a metadata lock would make DROP DATABASE wait for ever.
        for (session,) in self.query(
            "SELECT id FROM information_schema.processlist WHERE db = %s", [name]
        ):
            with contextlib.suppress(Exception):
                self.query(f"KILL {int(session)}")
        self.query(f"DROP DATABASE IF EXISTS `{name}`")


def find_program(name: str) -> Path:
    """Return a program of MariaDB, also where an ordinary user's PATH does not look."""
    path = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"]
    )
    found = shutil.which(name, path=path)
    if found is None:
        raise ServerUnavailable(f"MariaDB tests need the program {name} ({INSTALL_HINT}).")
    return Path(found)
