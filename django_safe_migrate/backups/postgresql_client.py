"""The client programs of PostgreSQL: which ones, where they connect to, and with which password nobody sees."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django_safe_migrate.backups.connector import clean_environment
from django_safe_migrate.backups.programs import find_program, program_version, version_numbers
from django_safe_migrate.exceptions import BackupFailed

#: The keywords of libpq that OPTIONS can hold and that may be seen by everyone on the machine.
#: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
KEYWORDS = frozenset(
    {
        "application_name", "channel_binding", "connect_timeout", "gssdelegation", "gssencmode", "gsslib", "hostaddr",
        "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts",
        "max_protocol_version", "min_protocol_version", "options", "passfile", "require_auth", "requirepeer", "requiressl",
        "service", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression",
        "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs",
        "tcp_user_timeout",
    }
)  # fmt: skip
#: Variables that name another database or encoding. Everything else that libpq reads is left alone: Django's own connection reads
#: it as well.
REMOVED_VARIABLES = ("PGDATABASE", "PGCLIENTENCODING")
INSTALL = "Install PostgreSQL's client programs (Debian and Ubuntu: postgresql-client), or name their folder in "
INSTALL += 'SAFE_MIGRATE["BACKUP"]["OPTIONS"]["bin_dir"].'


@dataclasses.dataclass(frozen=True, slots=True)
class PostgreSQLClient:
    """How to call the programs for one database."""

    settings: Mapping[str, Any]
    bin_dir: str | None
    database_name: str

    def path(self, name: str) -> str:
        """Return the path of a program, or raise ``BackupFailed`` saying how to install it."""
        found = find_program([self.programs.get(name, name)], self.bin_dir)
        if found is None:
            where = self.bin_dir or "PATH"
            raise BackupFailed(f"The program {name} was not found in {where}. {INSTALL}")
        return found

    @property
    def programs(self) -> dict[str, str]:
        """Paths that DBBACKUP_CONNECTORS gives, by the name of the program."""
        given = {
            "pg_dump": self.settings.get("DUMP_CMD"),
            "pg_restore": self.settings.get("RESTORE_CMD"),
        }
        return {name: str(path) for name, path in given.items() if path}

    def version(self, name: str) -> str:
        """Return a program's name and version, such as ``pg_dump 16.14``."""
        numbers = version_numbers(program_version(self.path(name)))
        return f"{name} {'.'.join(str(number) for number in numbers)}"

    def major(self, name: str) -> int:
        """Return the major version of a program, 0 when it cannot be run."""
        numbers = version_numbers(program_version(self.path(name)))
        return numbers[0] if numbers else 0

    def arguments(self, name: str, *more: str, database_name: str = "") -> list[str]:
        """Return the command line of a program; there is no password on it."""
        role = self._options.get("assume_role")
        as_role = [f"--role={role}"] if role and name != "psql" else []
        target = f"--dbname={self._conninfo(database_name or self.database_name)}"
        return [self.path(name), "--no-password", *as_role, *more, target]

    def environment(self) -> dict[str, str]:
        """Return the environment of a program, the only place of the password."""
        environment = clean_environment(*REMOVED_VARIABLES)
        password = self.settings.get("PASSWORD")
        if password:
            environment["PGPASSWORD"] = str(password)
        return environment

    @property
    def _options(self) -> Mapping[str, Any]:
        return self.settings.get("OPTIONS") or {}

    def _conninfo(self, database_name: str) -> str:
        parameters = {key: value for key, value in self._options.items() if key in KEYWORDS}
        named = {"host": "HOST", "port": "PORT", "user": "USER"}
        parameters |= {
            key: self.settings[name] for key, name in named.items() if self.settings.get(name)
        }
        parameters["dbname"] = database_name
        return " ".join(
            f"{key}={_quoted(value)}" for key, value in parameters.items() if value is not None
        )


def _quoted(value: Any) -> str:
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
