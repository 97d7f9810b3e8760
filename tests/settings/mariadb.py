"""Tests inside pytest on MariaDB: `scripts/test --ds=tests.settings.mariadb` starts the server by itself."""

from __future__ import annotations

from tests.servers import shared_server
from tests.settings.base import *  # noqa: F403

DATABASES = {"default": shared_server("mariadb").database_settings("safe_migrate")}
