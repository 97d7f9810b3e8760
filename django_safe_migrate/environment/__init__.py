"""
The condition of everything around a plan: connection, permissions, history of migrations, models, disk, other sessions, replicas, the hour.

Each topic has a file with ``check(context)``, which yields findings, and ``RULES``, the names that these can have.
"""

from __future__ import annotations

from django_safe_migrate.environment.assessment import RULES, assess
from django_safe_migrate.environment.context import EnvironmentContext

__all__ = ["RULES", "EnvironmentContext", "assess"]
