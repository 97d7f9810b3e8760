"""What statements left that were broken off, whoever executed them: a table between two names, a partition between two states."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases.base import Database

#: Returns the tables that applied migrations have made; asked only when something is found that may belong to one of them.
Tables = Callable[[], Collection[str]]
#: By Django's ``connection.vendor``.
FINDERS = {
    "postgresql": "django_safe_migrate.databases.postgresql.broken_off.broken_off_statements",
    "sqlite": "django_safe_migrate.databases.sqlite.remakes.broken_off_remakes",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BrokenOff:
    """
    One thing that was broken off.

    ``table`` is the one that it was about. ``found`` and ``remedy`` are sentences, ``statements`` bring it to its end in one transaction
    without the loss of a row; there are none when ``remedy`` says why nothing can be done. ``hinders`` is whether migrations of the table
    fail as it is.
    """

    table: str
    found: str
    remedy: str
    statements: tuple[str, ...] = ()
    hinders: bool = True


def find_broken_off(database: Database, tables: Tables) -> tuple[BrokenOff, ...]:
    """
    Return what was broken off; nothing is changed.

    Args:
        database: that is asked.
        tables: gives the tables that applied migrations have made.
    """
    path = FINDERS.get(database.vendor)
    return tuple(import_string(path)(database, tables)) if path else ()


def tables_of(state: ProjectState) -> frozenset[str]:
    """Return the tables of a state, the hidden ones of many-to-many fields included."""
    models = state.apps.get_models(include_auto_created=True)
    return frozenset(model._meta.db_table for model in models)
