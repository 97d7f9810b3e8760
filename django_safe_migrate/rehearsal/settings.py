"""The settings module of the process that rehearses; made of the project's own by ``isolation``."""

from __future__ import annotations

from django_safe_migrate.rehearsal.isolation import Isolation, isolated

globals().update(isolated(Isolation.from_environment()))
