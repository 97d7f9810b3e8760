"""PostgreSQL, through psycopg."""

from __future__ import annotations

from django_safe_migrate.databases.postgresql.database import PostgreSQLDatabase

__all__ = ["PostgreSQLDatabase"]
