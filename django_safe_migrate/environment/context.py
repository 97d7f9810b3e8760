"""What the checks of the environment look at."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils import timezone

from django_safe_migrate.environment.locks import PlanLocks

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import Plan


def _now() -> datetime.datetime:
    return datetime.datetime.now(timezone.get_default_timezone())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentContext:
    """
    A plan, and what it would be carried out on.

    ``first_install`` is true when nothing is applied yet: there is nothing to lose and nobody to wait. ``locks`` are those that the plan
    will take, which only the conditions before the start ask for. ``now`` gives the present moment in the project's time zone.
    """

    database: Database
    plan: Plan
    loader: MigrationLoader
    settings: Settings
    first_install: bool = False
    locks: PlanLocks = PlanLocks()
    compare_models: bool = True
    now: Callable[[], datetime.datetime] = _now
