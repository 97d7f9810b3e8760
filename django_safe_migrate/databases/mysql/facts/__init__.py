"""What each statement locks, copies and reads on MariaDB and MySQL, whose tables are taken to be InnoDB's unless the catalogue says otherwise."""

from __future__ import annotations

from django_safe_migrate.databases.mysql.facts.mariadb import MariaDBFactBook
from django_safe_migrate.databases.mysql.facts.mysql import MySQLFactBook
from django_safe_migrate.databases.mysql.facts.types import rewrites_rows, type_change

__all__ = ["MariaDBFactBook", "MySQLFactBook", "rewrites_rows", "type_change"]
