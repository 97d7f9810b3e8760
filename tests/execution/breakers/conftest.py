"""Breakers beside a plan that a test only pretends to carry out, and what they said."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_safe_migrate import conf
from django_safe_migrate.conf import BreakerSettings
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.execution.breakers.breaker import Breaker
from django_safe_migrate.execution.breakers.guard import Sparing
from django_safe_migrate.execution.breakers.watch import Watch
from django_safe_migrate.execution.stop import Stop


@pytest.fixture
def configured(settings: Any) -> Callable[..., BreakerSettings]:
    """Return the settings of a breaker: `configured("DISK_FREE", "10%", EVERY="100ms")`."""

    def configure(name: str, value: object = None, **keys: object) -> BreakerSettings:
        settings.SAFE_MIGRATE = {
            "BREAKERS": {name: keys if value is None else value},
            "MAINTENANCE_WINDOWS": ["22:00-23:30"],
            "HEALTH_CHECKS": ["some.check"],
        }
        return conf.load().breakers[name]

    return configure


@dataclasses.dataclass
class Watched:
    """Breakers at work: the stop that they ask for, and the events that they emitted."""

    watch: Watch
    stop: Stop
    events: list[tuple[str, dict[str, Any]]]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [payload for event, payload in self.events if event == name]


@pytest.fixture
def watched(connection: Any) -> Iterator[Callable[..., Watched]]:
    """Look at breakers until the end of the test: `watched(breaker, ...)`."""
    made: list[Watched] = []

    def begin(*breakers: Breaker, database: Database | None = None) -> Watched:
        cancel = Sparing(None)
        stop, events = Stop(cancel), []
        watch = Watch(
            breakers,
            database or get_database(connection),
            stop,
            lambda name, **payload: events.append((name, payload)),
            cancel,
        )
        made.append(Watched(watch, stop, events))
        watch.start()
        return made[-1]

    yield begin
    for one in made:
        one.watch.end()
