"""The catalogue of a PostgreSQL database as it is now."""

from __future__ import annotations

from django_safe_migrate.databases.postgresql.live_catalogue.catalogue import PostgreSQLCatalogue

__all__ = ["PostgreSQLCatalogue"]
