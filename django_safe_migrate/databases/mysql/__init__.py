"""MariaDB and MySQL, through mysqlclient."""

from __future__ import annotations

from django_safe_migrate.databases.mysql.database import MySQLDatabase

__all__ = ["MySQLDatabase"]
