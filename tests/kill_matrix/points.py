"""
The points of a run at which it can be killed, counted inside of its process.

Every event before it is handled, when the journal has it and after it; every statement on a connection to the default database
before and after; every commit before and after. Only those of the main thread count: others come when they come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from django_safe_migrate.journal import Journal
from django_safe_migrate.recorder import Recorder

#: Gets the number and the name of a point, and the connection that is used there, if any.
AtPoint = Callable[[int, str, Any], None]

SHOWN_SQL = 70


class Points:
    """Counts the points of the run in this process, and calls `at_point` at each."""

    def __init__(self, at_point: AtPoint) -> None:
        self.count = 0
        self._at_point = at_point

    def install(self) -> None:
        """Begin to count."""
        connection_created.connect(self._connected, weak=False)
        _surround(Recorder, "_emit", self._event)
        _surround(Journal, "append", self._journaled)
        _surround(BaseDatabaseWrapper, "_commit", self._commit)

    def _reached(self, name: str, connection: Any = None) -> None:
        if threading.current_thread() is threading.main_thread():
            self.count += 1
            self._at_point(self.count, name, connection)

    def _connected(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self._statement not in connection.execute_wrappers:
            # The first is the outermost one.
            connection.execute_wrappers.insert(0, self._statement)

    def _statement(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        text, connection = " ".join(str(sql).split())[:SHOWN_SQL], context["connection"]
        self._reached(f"before statement: {text}", connection)
        result = execute(sql, params, many, context)
        self._reached(f"after statement: {text}", connection)
        return result

    def _event(self, original: Callable[..., Any], name: str, payload: dict[str, Any]) -> Any:
        about = name + "".join(
            f" {payload[key]}" for key in ("stage", "index", "operation") if key in payload
        )
        self._reached(f"before event: {about}")
        event = original(name, payload)
        self._reached(f"after event: {about}")
        return event

    def _journaled(self, original: Callable[..., Any], event: Any, durable: bool = False) -> None:
        original(event, durable)
        self._reached(f"journaled: {event.name}")

    def _commit(self, original: Callable[..., Any]) -> Any:
        connection = getattr(original, "__self__", None)
        self._reached("before commit", connection)
        result = original()
        self._reached("after commit", connection)
        return result


def _surround(owner: type, name: str, around: Callable[..., Any]) -> None:
    """Let calls of a method go through a function that gets the bound method first."""
    original = getattr(owner, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return around(original.__get__(self), *args, **kwargs)

    setattr(owner, name, method)
