"""Breakers that ask code of the project: its health checks, and functions of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils.module_loading import import_string

from django_safe_migrate.execution.breakers.breaker import Breaker, Lane
from django_safe_migrate.execution.errors import describe

if TYPE_CHECKING:
    from django_safe_migrate.conf import BreakerSettings
    from django_safe_migrate.databases import Database

#: Runs the health checks of the project; gives the reasons of those that fail by their names.
RunHealthChecks = Callable[[], Mapping[str, str]]
#: Takes the alias of a database; gives a reason to open, or nothing.
Function = Callable[[str], Any]


class HealthChecks(Breaker):
    """Opens when a health check fails so often in a row."""

    lane = Lane.ALONE

    def __init__(self, settings: BreakerSettings, run: RunHealthChecks) -> None:
        super().__init__(settings)
        self._run = run
        self._failures: dict[str, int] = {}

    def look(self, database: Database | None) -> str:
        failing = self._run()
        self._failures = {name: self._failures.get(name, 0) + 1 for name in failing}
        often: int = self.settings.options["failures"]
        for name, count in self._failures.items():
            if count >= often:
                times = f" ({count} times in a row)" if count > 1 else ""
                return f"Health check {name} fails{times}: {failing[name]}"
        return ""


class Functions(Breaker):
    """Opens when a function of the project returns a reason, or raises."""

    lane = Lane.ALONE

    def __init__(
        self, settings: BreakerSettings, functions: Mapping[str, Function], alias: str
    ) -> None:
        super().__init__(settings)
        self._functions = functions
        self._alias = alias

    def look(self, database: Database | None) -> str:
        for path, function in self._functions.items():
            try:
                reason = function(self._alias)
            except Exception as error:
                # Whoever asked to be protected by it would rather be stopped than not be protected.
                reason = f"it raised {describe(error)}"
            if reason:
                return f"{path}: {reason}"
        return ""

    def close(self) -> None:
        # Those that this thread opened; nobody else could close them.
        connections.close_all()


def import_functions(paths: Iterable[str]) -> dict[str, Function]:
    """Return functions by their dotted paths; raise ``ImproperlyConfigured`` when one cannot be imported or called."""
    found: dict[str, Function] = {}
    for path in paths:
        where = f'SAFE_MIGRATE["BREAKERS"]["CALLABLE"] names {path!r}'
        try:
            function = import_string(path)
        except ImportError as error:
            raise ImproperlyConfigured(f"{where}, which cannot be imported: {error}.") from error
        if not callable(function):
            raise ImproperlyConfigured(f"{where}, which is no function: it cannot be called.")
        found[path] = function
    return found
