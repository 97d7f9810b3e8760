"""
The journal: append-only events on disk, one file per run, which survive what the database does not.

A file is named ``<started>-<alias>-<run id>.jsonl`` and holds one event per line, written before the next thing happens. Its first
line also says when the process began that writes it, and holds a fingerprint of the database's address, so that a reader can tell
a run that goes on from one that was killed, and the runs on this database from those on another one under the same alias.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import json
import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connections

from django_safe_migrate import events
from django_safe_migrate.events import Event
from django_safe_migrate.journal import folders, processes
from django_safe_migrate.record import RunRecord, fold

__all__ = [
    "Journal",
    "JournalFile",
    "Unfinished",
    "database_address",
    "journals",
    "prune",
    "read",
    "unfinished",
]

logger = logging.getLogger(__name__)

_NAME = re.compile(
    r"^(?P<started>\d{8}T\d{6}Z)-(?P<alias>.+?)-(?P<run_id>[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})\.jsonl$"
)


class Journal:
    """The journal of the run under way."""

    def __init__(self, path: Path, *, address: str = "", fallback: str = "") -> None:
        self.path = path
        #: Why the journal is not in the folder where it was wanted; empty when it is. The pipeline makes a warning of it.
        self.fallback = fallback
        #: Why the last event could not be written; a full disk must not stop a migration half-way.
        self.failure = ""
        self._address = address
        self._descriptor: int | None = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600
        )
        self._torn = False
        folders.sync_directory(path.parent)

    @classmethod
    def open(cls, run_id: str, alias: str) -> Journal:
        """
        Create the journal of a run, in the temporary directory when the folder of journals cannot be written.

        Raises:
            SafeMigrateError: neither of the two can be written.
        """
        started = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        folder, reason = folders.writable_directory()
        path = folder / f"{started}-{re.sub(r'[^A-Za-z0-9_.]', '_', alias)}-{run_id}.jsonl"
        if reason:
            reason += (
                f" The journal of this run is {path}; it is lost when the temporary directory is."
            )
        return cls(path, address=database_address(alias), fallback=reason)

    def append(self, event: Event, durable: bool = False) -> None:
        """Write one event; ``durable`` waits until the disk has it. A failure is kept in ``failure``, never raised."""
        if self._descriptor is None:
            return
        data = event.to_json()
        if event.name == events.RUN_STARTED:
            data |= {"process_started": processes.started(), "database_address": self._address}
        try:
            self._write(
                self._descriptor, json.dumps(data, ensure_ascii=True, default=str).encode() + b"\n"
            )
            if durable:
                os.fsync(self._descriptor)
        except OSError as error:
            first = not self.failure
            self.failure = (
                f"The journal {self.path} could not be written ({error.strerror or error})."
            )
            # Said once: a full disk refuses every event that follows.
            if first:
                logger.warning(self.failure)

    def close(self) -> None:
        """Close the file; events after this are dropped."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, descriptor: int, line: bytes) -> None:
        """Write a whole line; one that a full disk tore is ended first, so that it spoils only itself."""
        rest = memoryview(b"\n" + line if self._torn else line)
        self._torn = True
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        self._torn = False


@dataclasses.dataclass(frozen=True, slots=True)
class JournalFile:
    """A journal on disk, as its name tells it."""

    path: Path
    run_id: str
    started: str

    def record(self) -> RunRecord | None:
        """Return the record its events add up to, or None when nothing usable was written."""
        return _record(self.path, read(self.path))

    def belongs_to(self, alias: str) -> bool:
        """Whether it tells of a run on the database that this alias means today."""
        return _header(_lines(self.path)).get("database_address", "") in {
            "",
            database_address(alias),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Unfinished:
    """A run whose journal has no end; ``process_started`` is in seconds since the epoch, ``last_seen`` its last event's moment."""

    path: Path
    record: RunRecord
    process_started: float
    last_seen: str

    @property
    def is_running(self) -> bool | None:
        """Whether its process is still there; None when it ran on another host, where we cannot look."""
        return processes.is_alive(self.record.host, self.record.pid, self.process_started)


def database_address(alias: str) -> str:
    """Return a fingerprint of where the database of an alias is, from which nothing can be read back; empty for no database."""
    if alias not in connections:
        return ""
    entry = connections[alias].settings_dict
    parts = (str(entry.get(key) or "") for key in ("ENGINE", "HOST", "PORT", "NAME"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def read(path: Path) -> list[Event]:
    """Return the events of a journal; a line torn by a kill or a full disk is left out, and so are events unknown to us."""
    return [
        Event.from_json(_without_header(line))
        for line in _lines(path)
        if line["event"] in events.NAMES
    ]


def journals(folder: Path | None = None) -> list[JournalFile]:
    """Return the journals in a folder, oldest first; without one, in the configured folder and its fallback."""
    places = [folder] if folder else folders.directories()
    return sorted(
        (file for place in places for file in _files(place)),
        key=lambda file: (file.started, file.path.name),
    )


def unfinished(folder: Path | None = None) -> list[Unfinished]:
    """Return the journals without an end, oldest first."""
    found = (look_for_end(file) for file in journals(folder))
    return [one for one in found if one is not None]


def look_for_end(file: JournalFile) -> Unfinished | None:
    """Return what is known of a run whose journal has no end; None when it has one, or nothing usable."""
    stream = read(file.path)
    record = _record(file.path, stream)
    if record is None or stream[-1].name == events.RUN_FINISHED:
        return None
    process_started = _header(_lines(file.path)).get("process_started", 0.0)
    return Unfinished(file.path, record, process_started, stream[-1].at)


def prune(imported: Collection[str], *, keep: int = 50, folder: Path | None = None) -> list[Path]:
    """Delete the journals of runs that the history has whole, except for the newest ones; return what was deleted."""
    candidates = [file for file in journals(folder) if file.run_id in imported]
    removed = []
    for file in candidates[: max(0, len(candidates) - keep)]:
        with contextlib.suppress(OSError):
            file.path.unlink()
            removed.append(file.path)
    return removed


def _files(folder: Path) -> Iterator[JournalFile]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - one call that raises, for a folder that may vanish
    except OSError:
        return
    for name in names:
        if match := _NAME.match(name):
            yield JournalFile(folder / name, match["run_id"], match["started"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        logger.warning("The journal %s cannot be read (%s).", path, error.strerror)
        return
    for line in content.split(b"\n"):
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict) and {"event", "run", "at"} <= data.keys():
            yield data


def _header(lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return next((line for line in lines if line["event"] == events.RUN_STARTED), {})


def _without_header(line: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in line.items()
        if key not in {"process_started", "database_address"}
    }


def _record(path: Path, stream: list[Event]) -> RunRecord | None:
    if not stream or stream[0].name != events.RUN_STARTED:
        return None
    try:
        return fold(stream)
    except (LookupError, TypeError, ValueError) as error:
        logger.warning("The journal %s does not make sense and is left out (%r).", path, error)
        return None
