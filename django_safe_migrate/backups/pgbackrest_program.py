"""Calling pgBackRest, and reading what it says of its backups."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Sequence
from typing import Any

from django_safe_migrate.backups.connector import clean_environment
from django_safe_migrate.backups.programs import running, version_numbers
from django_safe_migrate.exceptions import BackupFailed

#: The oldest version this was tested with, which is Debian 12's.
OLDEST = (2, 45)
#: Django sets it to the project's TIME_ZONE. pgBackRest names backups by local time, and refuses to make one whose name is earlier than that of
#: the last, which its own timer has made in the machine's zone.
REMOVED = ("TZ",)
_VERIFIED = re.compile(r"^\s*backup: (?P<label>\S+), status: (?P<status>[^,]+)", re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PgBackRest:
    """
    How to call it.

    ``program`` is its path with what comes before it on the command line, such as ``sudo -u postgres``; ``silence`` are the seconds
    after which a call is given up.
    """

    program: tuple[str, ...]
    stanza: str
    config: str = ""
    repository: int | None = None
    silence: float = 0.0

    def line(self, *arguments: str, on_repository: bool = True) -> list[str]:
        """Return a command line; pgBackRest has no secrets on it, they are in its configuration."""
        config = [f"--config={self.config}"] if self.config else []
        chosen = self.repository is not None and on_repository
        repository = [f"--repo={self.repository}"] if chosen else []
        return [*self.program, f"--stanza={self.stanza}", *config, *repository, *arguments]

    def run(self, *arguments: str, on_repository: bool = True) -> str:
        """Run a command and return its output; raise ``BackupFailed`` with what it said when it fails."""
        line = self.line(
            "--log-level-console=off",
            "--log-level-stderr=error",
            *arguments,
            on_repository=on_repository,
        )
        with running(line, env=clean_environment(*REMOVED), stdout=subprocess.PIPE) as program:
            text = b"".join(program.output(stall=self.silence)).decode(errors="replace")
            if program.process.wait() != 0:
                said = " ".join(program.errors().split()) or "no message"
                raise BackupFailed(f"pgbackrest {arguments[-1]} failed: {said}")
        return text

    @property
    def version(self) -> str:
        """What it says of itself, such as ``pgBackRest 2.45``."""
        with running(
            [*self.program, "version"], env=clean_environment(*REMOVED), stdout=subprocess.PIPE
        ) as program:
            text = b"".join(program.output(stall=self.silence)).decode(errors="replace").strip()
            program.finish()
        if version_numbers(text) < OLDEST:
            raise BackupFailed(
                f"{text or self.program[-1]} is too old: pgBackRest {'.'.join(map(str, OLDEST))} or newer is needed."
            )
        return text

    def info(self) -> dict[str, Any]:
        """Return what it knows of the stanza: ``backup`` (oldest first), ``db``, ``status``."""
        text = self.run("--output=json", "info", on_repository=self.repository is not None)
        try:
            stanzas = json.loads(text)
        except ValueError as error:
            raise BackupFailed("The output of pgbackrest info is not JSON.") from error
        found: dict[str, Any] = next((s for s in stanzas if s.get("name") == self.stanza), {})
        code, message = found.get("status", {}).get("code"), found.get("status", {}).get("message")
        # 2: there is no valid backup yet, which is no fault.
        if code not in {0, 2}:
            raise BackupFailed(
                f"The pgBackRest stanza {self.stanza!r} is not in order: {message or 'it does not exist'}."
            )
        return found

    def backups(self) -> dict[str, dict[str, Any]]:
        """Return the backups of the stanza by their labels, oldest first."""
        return {str(one["label"]): one for one in self.info().get("backup") or ()}

    def verify(self, labels: Sequence[str]) -> str:
        """Let it read everything and compare the checksums; return what it said of the rest, raise when one of these backups is not valid."""
        # The exit status is 0 whatever it finds.
        text = self.run("--output=text", "--verbose", "verify", on_repository=True)
        states = {match["label"]: match["status"].strip() for match in _VERIFIED.finditer(text)}
        for label in labels:
            if states.get(label) != "valid":
                raise BackupFailed(
                    f"pgbackrest verify says of the backup {label}: {states.get(label, 'nothing')}."
                )
        whole = re.search(r"^status: (\S+)", text, re.MULTILINE)
        if whole is not None and whole[1] == "ok":
            return ""
        others = [f"{label} is {state}" for label, state in states.items() if state != "valid"]
        return f" It found faults elsewhere: {', '.join(others) or 'in the archived WAL'}."
