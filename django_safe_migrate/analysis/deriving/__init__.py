"""How changes are derived from an operation and the states around it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.deriving import (  # noqa: F401 - they register handlers
    code,
    fields,
    indexes,
    models,
    postgresql,
)
from django_safe_migrate.analysis.deriving.dispatch import Surroundings, derived, is_concurrent
from django_safe_migrate.analysis.deriving.undoing import undoing

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.analysis.changes import Change

__all__ = ["Surroundings", "derive", "is_concurrent"]


logger = logging.getLogger(__name__)


def derive(operation: Operation, around: Surroundings, *, backwards: bool) -> tuple[Change, ...]:
    """Return what the operation changes in the database, in the order it happens: forwards, or undone in reverse."""
    if backwards:
        reverse = undoing(operation, around)
        if reverse is not None:
            return _forwards(reverse, around.reversed())
    forwards = _forwards(operation, around)
    if not backwards:
        return forwards
    return tuple(
        change
        for change in (forward.inverse() for forward in reversed(forwards))
        if change is not None
    )


def _forwards(operation: Operation, around: Surroundings) -> tuple[Change, ...]:
    """
    Read an operation; one that cannot be read is unrecognised, as an operation of a third party is.

    Fields and operations of a project can do anything. One that defeats us must not keep its project from migrating.
    """
    try:
        return tuple(derived(operation, around))
    except Exception:
        logger.exception("%r of app %s could not be read.", operation, around.app_label)
        return (changes.Unrecognised("", operation),)
