"""One run of one tool: clients work, somebody opens a transaction that has read the table, two seconds later the command is started."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import Error

from benchmarks.stalls import shop
from benchmarks.stalls.clients import RATE, clients
from benchmarks.stalls.outcome import Outcome, judge
from benchmarks.stalls.tools import AGAIN_AFTER, Tool
from django_safe_migrate.databases import get_database
from tests.projects import Project
from tests.servers import Server
from tests.servers.base import open_connection

#: Seconds from the blocker's first look at the table to the start of the migration.
START_AFTER = 2.0
#: Seconds that clients work alone, before and after.
QUIET = 2.0
#: Seconds that a command has to get so far that it waits for a lock.
LONGEST_START = 150.0
#: Seconds after which a tool that waits for ever is stopped.
LONGEST = 300.0
#: Seconds between two looks at what is applied.
LOOK_EVERY = 0.1


@dataclass(slots=True)
class Moments:
    """When what happened, in seconds of the monotonic clock; None: it did not."""

    started: float = 0.0
    waited: float | None = None
    released: float = 0.0
    applied: float | None = None
    ended: float = 0.0
    #: How the transaction of the blocker ended, when somebody else ended it.
    blocker_error: str = ""
    starts: int = 0
    statuses: list[int] = field(default_factory=list)


def measure(
    server: Server,
    tool: Tool,
    folder: Path,
    packages: Path | None,
    *,
    seconds: float,
    rows: int = shop.ROWS,
    rate: float = RATE,
) -> Outcome:
    """Measure one tool on a database of its own; the blocker stays for so many seconds."""
    project = shop.make_project(folder, server, tool, packages, rows=rows)
    entry, moments = project.databases["default"], Moments()
    try:
        with clients(entry, shop.TABLE, rows, control=shop.CONTROL, rate=rate) as traffic:
            time.sleep(QUIET)
            with _blocked(project, moments, seconds), _watched(project, moments):
                time.sleep(START_AFTER)
                moments.started = time.monotonic()
                output = _migrate(project, tool, moments)
                moments.ended = time.monotonic()
            time.sleep(QUIET)
        is_done = shop.applied_changes(project) == len(shop.CHANGES)
    finally:
        project.remove()
    return judge(tool.name, traffic, moments, is_done=is_done, output=output)


@contextlib.contextmanager
def _blocked(project: Project, moments: Moments, seconds: float) -> Iterator[None]:
    """
    Hold a lock on the table that reading took, in a thread of its own, for so many seconds after somebody has begun to wait for it.

    Counted from there, since a busy machine needs longer than a quiet one to start a command.
    """
    holds = threading.Event()

    def block() -> None:
        with open_connection(project.databases["default"]) as connection:
            connection.set_autocommit(False)
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT name FROM {shop.TABLE} WHERE id = 1")  # noqa: S608 - a constant
            holds.set()
            moments.waited = _first_wait(project)
            time.sleep(seconds)
            moments.released = time.monotonic()
            try:
                connection.commit()
            except Error as error:
                moments.blocker_error = f"{type(error).__name__}: {error}"
                connection.close()

    thread = threading.Thread(target=block)
    thread.start()
    holds.wait()
    try:
        yield
    finally:
        thread.join()


def _first_wait(project: Project) -> float | None:
    """Wait until a session waits for a lock, and return the moment; None when none has for a long time."""
    deadline = time.monotonic() + LONGEST_START
    with open_connection(project.databases["default"]) as connection:
        database = get_database(connection)
        while time.monotonic() < deadline:
            if database.waits(""):
                return time.monotonic()
            time.sleep(LOOK_EVERY)
    return None


@contextlib.contextmanager
def _watched(project: Project, moments: Moments) -> Iterator[None]:
    """Note when the last change was applied, on a connection that touches nothing else."""
    over = threading.Event()

    def watch() -> None:
        with open_connection(project.databases["default"]) as connection:
            while not over.wait(LOOK_EVERY):
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT count(*) FROM django_migrations WHERE app = 'shop' AND name <> '0001_initial'"
                    )
                    if cursor.fetchone()[0] == len(shop.CHANGES):
                        moments.applied = time.monotonic()
                        return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        time.sleep(2 * LOOK_EVERY)
        over.set()
        thread.join()


def _migrate(project: Project, tool: Tool, moments: Moments) -> str:
    """Run the command, again if it is one that is started again, and return what it printed."""
    output, deadline = "", time.monotonic() + LONGEST
    while True:
        moments.starts += 1
        process = project.popen(*tool.command)
        try:
            words, _ = process.communicate(timeout=max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
            words, _ = process.communicate()
        output += words
        moments.statuses.append(process.returncode)
        if process.returncode == 0 or not tool.again or time.monotonic() > deadline:
            return output
        time.sleep(AGAIN_AFTER)
