"""
What is known of migrations before they run: the states between their operations, the tables they name, and their SQL.
"""

from __future__ import annotations

from django_safe_migrate.sql.collecting import (
    DEFERRED,
    Confidence,
    OperationSQL,
    SqlCollector,
    collect,
)

__all__ = ["DEFERRED", "Confidence", "OperationSQL", "SqlCollector", "collect"]
