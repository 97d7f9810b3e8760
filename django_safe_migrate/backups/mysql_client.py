"""The client programs of MariaDB and MySQL: which ones, and how they connect without a password in sight."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from django_safe_migrate.backups.connector import clean_environment
from django_safe_migrate.backups.programs import find_program, program_version, version_numbers
from django_safe_migrate.exceptions import BackupFailed

#: Programs by what they do; the first name is preferred on a server of MariaDB, the second on one of MySQL.
PROGRAMS = {"dump": ("mariadb-dump", "mysqldump"), "client": ("mariadb", "mysql")}
CONNECTOR_KEYS = {"dump": "DUMP_CMD", "client": "RESTORE_CMD"}
#: Only our own option file is read: a [mysqldump] section with --where or --no-data in a file of the user would make a backup
#: that lacks rows. These variables would name other files, or a host that Django's own connection does not use.
REMOVED_VARIABLES = ("MYSQL_HOST", "MYSQL_HOME", "MYSQL_TEST_LOGIN_FILE")
INSTALL = "Install the client programs (Debian and Ubuntu: mariadb-client or mysql-client), or name their folder in "
INSTALL += 'SAFE_MIGRATE["BACKUP"]["OPTIONS"]["bin_dir"].'
#: Writes the binary log's position into the dump as a comment. MariaDB tells the one of the very snapshot; of MySQL it can only be had under
#: FLUSH TABLES WITH READ LOCK, which everyone would wait for.
LOG_POSITION = "--master-data=2"
#: What MySQL's own program knows and MariaDB's does not.
MYSQL_ONLY = ("--set-gtid-purged=OFF", "--column-statistics=0")
DUMP = (
    "--single-transaction",
    "--quick",
    "--routines",
    "--triggers",
    "--events",
    "--hex-blob",
    "--add-drop-trigger",
    "--no-tablespaces",
    "--comments",
    "--dump-date",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
)


@dataclasses.dataclass(frozen=True)
class MySQLClient:
    """How to call the programs for one server."""

    settings: Mapping[str, Any]
    bin_dir: str | None
    is_mariadb: bool

    def path(self, what: str) -> str:
        """Return the path of a program, or raise ``BackupFailed`` saying how to install it."""
        given = self.settings.get(CONNECTOR_KEYS[what])
        names = (
            [str(given)]
            if given
            else list(PROGRAMS[what] if self.is_mariadb else reversed(PROGRAMS[what]))
        )
        found = find_program(names, self.bin_dir)
        if found is None:
            raise BackupFailed(
                f"None of the programs {', '.join(names)} was found in {self.bin_dir or 'PATH'}. {INSTALL}"
            )
        return found

    @functools.cached_property
    def dump_version(self) -> str:
        """What the dump program says of itself."""
        return program_version(self.path("dump"))

    @property
    def description(self) -> str:
        """Name and version, such as ``mariadb-dump 10.11.19``."""
        text = self.dump_version
        # "Ver 10.19 Distrib 10.11.19-MariaDB": the first is the program's own count, the second the release.
        numbers = version_numbers(text.partition("Distrib")[2] or text.partition("from")[2] or text)
        return f"{os.path.basename(self.path('dump'))} {'.'.join(map(str, numbers))}"  # noqa: PTH119

    def dump_arguments(self, defaults: str, database: str, *more: str) -> list[str]:
        """Return the command line of a dump; there is no password on it."""
        own = () if "MariaDB" in self.dump_version else MYSQL_ONLY
        return [
            self.path("dump"),
            f"--defaults-file={defaults}",
            *DUMP,
            *own,
            *more,
            "--",
            database,
        ]

    @property
    def position_arguments(self) -> tuple[str, ...]:
        """What makes a dump tell its position in the binary log; nothing where nobody may be kept waiting for that."""
        return (LOG_POSITION,) if self.is_mariadb and "MariaDB" in self.dump_version else ()

    def load_arguments(self, defaults: str, database: str) -> list[str]:
        """Return the command line that executes SQL, stopping at the first error."""
        return [
            self.path("client"),
            f"--defaults-file={defaults}",
            "--batch",
            "--comments",
            "--default-character-set=utf8mb4",
            "--max-allowed-packet=1G",
            f"--database={database}",
        ]

    def environment(self) -> dict[str, str]:
        """Return the environment of a program."""
        return clean_environment(*REMOVED_VARIABLES)

    @contextlib.contextmanager
    def defaults(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """
        Yield the path of a private option file, and the descriptors that a program has to inherit to read it.

        On Linux it is a file in memory alone, so that even a killed process leaves no password on a disk.
        """
        content = self.option_file().encode()
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("safe-migrate-options", 0)
            try:
                # World-writable, as it is made, it would be ignored by the programs.
                os.fchmod(descriptor, 0o600)
                os.write(descriptor, content)
                yield f"/proc/self/fd/{descriptor}", (descriptor,)
            finally:
                os.close(descriptor)
            return
        with tempfile.NamedTemporaryFile(prefix="safe-migrate-") as file:
            file.write(content)
            file.flush()
            yield file.name, ()

    def option_file(self) -> str:
        """Return the content of the option file: where to connect, as whom, with which password."""
        options = self.settings.get("OPTIONS") or {}
        host = str(options.get("host") or self.settings.get("HOST") or "")
        values: dict[str, Any] = {
            "user": options.get("user") or self.settings.get("USER"),
            "password": options.get("password")
            or options.get("passwd")
            or self.settings.get("PASSWORD"),
            "port": options.get("port") or self.settings.get("PORT"),
            "socket": options.get("unix_socket") or (host if "/" in host else None),
            "host": None if "/" in host else host,
            "connect-timeout": options.get("connect_timeout"),
            **{
                f"ssl-{key}": value
                for key, value in (options.get("ssl") or {}).items()
                if isinstance(value, str)
            },
        }
        lines = ["[client]", *(f"{key}={_quoted(value)}" for key, value in values.items() if value)]
        lines += self._ssl_mode(str(options.get("ssl_mode") or ""))
        included = (
            [f"!include {options['read_default_file']}"] if options.get("read_default_file") else []
        )
        return "\n".join([*included, *lines]) + "\n"

    def _ssl_mode(self, mode: str) -> list[str]:
        if not mode:
            return []
        if "MariaDB" not in self.dump_version:
            return [f"ssl-mode={mode}"]
        if mode == "DISABLED":
            return ["skip-ssl"]
        return ["ssl", *(["ssl-verify-server-cert"] if mode.startswith("VERIFY") else [])]


def _quoted(value: Any) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
