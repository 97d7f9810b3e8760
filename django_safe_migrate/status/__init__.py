"""What is applied, pending, half done and under way: usable alone, ``collect("default")``; it writes nothing to a database."""

from __future__ import annotations

from django_safe_migrate.status.collecting import collect, half_done_work
from django_safe_migrate.status.contents import SCHEMA_VERSION, Status

__all__ = ["SCHEMA_VERSION", "Status", "collect", "half_done_work"]
