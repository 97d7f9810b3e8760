"""
The condition of everything around a plan: connection, permissions, history of migrations, models, disk, other sessions, replicas, the hour.

Each topic has a file with ``check(context)``, which yields findings, and ``RULES``, the names that these can have. What a run may wait for before
it starts is found by functions that yield an ``Obstacle``; ``conditions`` makes findings of them, and ``starting`` waits.
"""

from __future__ import annotations

from django_safe_migrate.environment.assessment import RULES, assess
from django_safe_migrate.environment.conditions import Waited
from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.environment.locks import PlanLocks, plan_locks
from django_safe_migrate.environment.starting import (
    Waiting,
    conditions_again,
    conditions_before_start,
)

__all__ = [
    "RULES",
    "EnvironmentContext",
    "PlanLocks",
    "Waited",
    "Waiting",
    "assess",
    "conditions_again",
    "conditions_before_start",
    "plan_locks",
]
