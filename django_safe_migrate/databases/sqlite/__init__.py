"""SQLite, through the standard library."""

from __future__ import annotations

from django_safe_migrate.databases.sqlite.database import SQLiteDatabase

__all__ = ["SQLiteDatabase"]
