"""
Clients that read and write rows at a fixed rate, each a process with a connection of its own, so that none waits for another.

What a request cannot tell is how many others would have come while it waited. So every moment at which a request was due counts: one that
found its client still waiting has waited from then on (https://www.youtube.com/watch?v=lJ8ydIuPFeU calls leaving them out "coordinated
omission"). The control is a client like the others on a table that nobody touches: what it waits for is the machine.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

import django
from django.conf import settings
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.servers.base import open_connection

CLIENTS = 4
#: Requests per second of each client.
RATE = 25.0
#: Seconds in which clients have to connect, and to come to their end.
PATIENCE = 120.0

_READ = "SELECT id, name, price FROM {table} WHERE id = %s"
_WRITE = "UPDATE {table} SET price = price + 1 WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was due at a moment; moments are seconds of the machine's monotonic clock, which all processes share."""

    due: float
    #: None: its client was still waiting, and only the time from then on counts.
    sent: float | None
    ended: float
    error: str = ""

    @property
    def seconds(self) -> float:
        """How long it took to be answered."""
        return self.ended - (self.due if self.sent is None else self.sent)


@dataclass(slots=True)
class Traffic:
    """What the clients and the control measured."""

    requests: list[Request] = field(default_factory=list)
    control: list[Request] = field(default_factory=list)


@contextmanager
def clients(
    entry: dict[str, Any],
    table: str,
    rows: int,
    *,
    control: str = "",
    count: int = CLIENTS,
    rate: float | None = RATE,
) -> Iterator[Traffic]:
    """
    Let clients work while the block runs; what they measured is in the result afterwards.

    Args:
        entry: the database, as an entry of DATABASES.
        table: the table of the clients.
        rows: how many rows, with the ids from 1 on, each table has; each client has rows of its own.
        control: the table of the control; empty: there is none.
        count: how many clients there are, besides the control.
        rate: requests per second of each client; None: each is sent as soon as the last was answered.
    """
    context = multiprocessing.get_context("spawn")
    stop, results, ready = context.Event(), context.Queue(), context.Semaphore(0)
    share = rows // count
    places = [(table, number * share + 1) for number in range(count)]
    if control:
        places.append((control, 1))
    processes = [
        context.Process(
            target=_work,
            args=(entry, place, range(first, first + share), rate, (stop, ready, results)),
            daemon=True,
        )
        for place, first in places
    ]
    traffic = Traffic()
    for process in processes:
        process.start()
    try:
        for _ in processes:
            if not ready.acquire(timeout=PATIENCE):
                raise RuntimeError("A client did not connect.")
        yield traffic
        stop.set()
        for _ in processes:
            place, requests = results.get(timeout=PATIENCE)
            known = traffic.control if place == control else traffic.requests
            known += [Request(*one) for one in requests]
    finally:
        stop.set()
        for process in processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()


def _work(
    entry: dict[str, Any],
    table: str,
    ids: range,
    rate: float | None,
    signals: tuple[Event, Any, Queue[Any]],
) -> None:
    """Be one client until told to stop."""
    settings.configure()
    django.setup()
    # A collection of garbage in the middle of a request would be taken for a stall.
    gc.disable()
    stop, ready, results = signals
    with open_connection(entry) as connection:
        _answer(connection, _READ.format(table=table), ids[0])
        ready.release()
        measured = list(_requests(connection, table, ids, 1 / rate if rate else 0.0, stop))
    results.put((table, measured))


def _requests(
    connection: BaseDatabaseWrapper, table: str, ids: range, interval: float, stop: Event
) -> Iterator[tuple[float, float | None, float, str]]:
    statements = (_READ.format(table=table), _WRITE.format(table=table))
    number = 0
    # Not all at the same moment.
    due = time.monotonic() + random.random() * interval  # noqa: S311 - not for secrets
    while not stop.is_set():
        time.sleep(max(0.0, due - time.monotonic()))
        sent = time.monotonic()
        error = _answer(connection, statements[number % 2], random.choice(ids))  # noqa: S311
        ended = time.monotonic()
        yield due, sent, ended, error
        number += 1
        if not interval:
            due = ended
            continue
        due += interval
        while due < ended:
            yield due, None, ended, error
            due += interval


def _answer(connection: BaseDatabaseWrapper, sql: str, row: int) -> str:
    """Send one request and wait for its answer; return the error, as a text that is empty when there is none."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, [row])
            if cursor.description:
                cursor.fetchall()
    except Error as error:
        if not connection.is_usable():
            connection.close()
        return f"{type(error).__name__}: {error}"
    return ""
