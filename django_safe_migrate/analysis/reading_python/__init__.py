"""
What the Python of a migration does, read from its source: models, querysets, writes, SQL, calls to the outside.

Nothing is executed. Functions of the project are followed into the functions that they call; of what cannot be told, nothing is said::

    for use in read(operation.code, migration_module):
        if isinstance(use, RowsLoaded):
            ...
"""

from __future__ import annotations

from django_safe_migrate.analysis.reading_python.reader import read
from django_safe_migrate.analysis.reading_python.uses import (
    DatabaseChosen,
    FieldNamed,
    ModelName,
    ModelTaken,
    NetworkUsed,
    RowLoop,
    RowsLoaded,
    SQLExecuted,
    TodaysModelUsed,
    Unreadable,
    Use,
    Written,
)

__all__ = [
    "DatabaseChosen",
    "FieldNamed",
    "ModelName",
    "ModelTaken",
    "NetworkUsed",
    "RowLoop",
    "RowsLoaded",
    "SQLExecuted",
    "TodaysModelUsed",
    "Unreadable",
    "Use",
    "Written",
    "read",
]
