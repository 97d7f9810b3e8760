"""Tests inside pytest on PostgreSQL: `scripts/test --ds=tests.settings.postgresql` starts the server by itself."""

from __future__ import annotations

from tests.servers import shared_server
from tests.settings.base import *  # noqa: F403

DATABASES = {"default": shared_server("postgresql").database_settings("safe_migrate")}
