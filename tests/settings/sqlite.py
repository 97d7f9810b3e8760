"""Tests inside pytest on SQLite."""

from __future__ import annotations

from tests.settings.base import *  # noqa: F403
from tests.settings.base import FOLDER

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(FOLDER / "default.sqlite3"),
        # A file and not memory: threads of a test, and a second connection, see the same database.
        "TEST": {"NAME": str(FOLDER / "test.sqlite3")},
    },
}
