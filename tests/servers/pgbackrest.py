"""A private PostgreSQL server whose WAL pgBackRest archives, and what is restored from there; both from the system's packages."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers import processes
from tests.servers.base import ServerUnavailable
from tests.servers.postgresql import DEBIAN, PostgreSQLServer

STANZA = "shop"
INSTALL_HINT = "on Debian: apt-get install pgbackrest postgresql"


class ArchivedServer(PostgreSQLServer):
    """
    PostgreSQL as the system packages it, since a pgBackRest knows only servers older than itself.

    `command` is what calls pgBackRest as the account of the server.
    """

    def __init__(self) -> None:
        if shutil.which("pgbackrest") is None:
            raise ServerUnavailable(f"Tests of pgBackRest need it ({INSTALL_HINT}).")
        super().__init__(_packaged_major())
        self.port = processes.free_port()
        places = [self.folder / name for name in ("repository", "locks", "logs")]
        processes.give_to(self.account, *places)
        self.configuration = self.folder / "pgbackrest.conf"
        self.configuration.write_text(
            f"[global]\nrepo1-path={places[0]}\nlock-path={places[1]}\nlog-path={places[2]}\nrepo1-retention-full=2\n"
            f"start-fast=y\narchive-timeout=20\nprocess-max=2\ncompress-type=lz4\n[{STANZA}]\npg1-path={self.data}\n"
            f"pg1-port={self.port}\npg1-socket-path={self.socket_dir}\npg1-user={self.user}\n"
        )
        push = f"pgbackrest --config={self.configuration} --stanza={STANZA} archive-push %p"
        self.config = ["archive_mode = on", f"archive_command = '{push}'"]
        self.command = [*self._as_account(), "pgbackrest"]

    def _as_account(self) -> list[str]:
        return ["runuser", "-u", self.account, "--"] if self.account else []

    def _initialise(self) -> None:
        super()._initialise()
        # pgBackRest comes through the socket, and knows no password.
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"local all all trust\n{rules.read_text()}")

    def start(self) -> None:
        is_new = not self.data.exists()
        super().start()
        if is_new:
            self.pgbackrest("stanza-create")

    def pgbackrest(self, *arguments: str) -> str:
        """Run a command of pgBackRest and return its output."""
        line = [*self.command, f"--config={self.configuration}", f"--stanza={STANZA}", *arguments]
        return subprocess.run(line, check=True, capture_output=True, text=True, cwd="/").stdout

    def restored(self, commands: Sequence[str]) -> RestoredServer:
        """Carry the restore among these commands out into another folder, and start a server on it, which then waits at its target."""
        (line,) = (one for one in commands if one.endswith(" restore"))
        server = RestoredServer(self)
        arguments = line.removesuffix(" restore")
        subprocess.run(
            [*shlex.split(arguments), f"--pg1-path={server.data}", "--archive-mode=off", "restore"],
            check=True,
            capture_output=True,
            cwd="/",
        )
        server.start()
        return server


class RestoredServer(PostgreSQLServer):
    """A server on what was restored."""

    def __init__(self, origin: ArchivedServer) -> None:
        super().__init__(origin.major)
        self.port = processes.free_port()
        processes.give_to(self.account, self.data, self.socket_dir)
        self.data.chmod(0o700)

    def _write_config(self) -> None:
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\nunix_socket_directories = '{self.socket_dir}'\n")


def _packaged_major() -> int:
    found = [int(one.name) for one in DEBIAN.glob("*") if (one / "bin" / "postgres").exists()]
    if not found:
        raise ServerUnavailable(
            f"Tests of pgBackRest need a server of its own age ({INSTALL_HINT})."
        )
    return max(found)


def configuration_of(server: ArchivedServer) -> dict[str, object]:
    """Return BACKUP of the settings for a server."""
    path: Path = server.configuration
    return {
        "BACKEND": "django_safe_migrate.backups.pgbackrest.PgBackRestBackend",
        "OPTIONS": {"stanza": STANZA, "config": str(path), "program": server.command},
    }
