"""Health checks of a project, whose outcome a test decides."""

from __future__ import annotations

import dataclasses
import datetime
import threading
import time
from typing import ClassVar

from asgiref.sync import sync_to_async
from django.db import connection
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable, ServiceWarning


@dataclasses.dataclass
class Scripted(HealthCheck):
    """Does what the class attribute says."""

    secret: str = "s3cret"  # noqa: S105
    behaviour: ClassVar[str] = "pass"

    def run(self) -> None:
        if self.behaviour == "fail":
            raise ServiceUnavailable("queue is full")
        if self.behaviour == "warn":
            raise ServiceWarning("queue is long")
        if self.behaviour == "crash":
            raise RuntimeError(f"redis://user:{self.secret}@host")


@dataclasses.dataclass
class Asynchronous(HealthCheck):
    async def run(self) -> None:
        if Scripted.behaviour == "fail":
            raise ServiceUnavailable("asynchronously")


@dataclasses.dataclass
class Hanging(HealthCheck):
    """Ends only when the test lets it."""

    timeout: datetime.timedelta = datetime.timedelta(seconds=0.1)
    released: ClassVar[threading.Event] = threading.Event()

    def run(self) -> None:
        self.released.wait(60)


@dataclasses.dataclass
class UsesDatabase(HealthCheck):
    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        time.sleep(0)


@dataclasses.dataclass
class UsesDatabaseAsynchronously(HealthCheck):
    async def run(self) -> None:
        await sync_to_async(UsesDatabase().run)()
