"""Recipes: operations that reach the same end without the harm, as code for hints."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from django.db.backends.utils import truncate_name
from django.db.migrations import operations

from django_safe_migrate.analysis.hints import code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

#: What to do about undoing a change that the newer release relies on, for which there is no other way back.
GOING_BACK = "Stop every process of the newer release before, and start the older one when the migration is undone."


def renamed_in_python(
    model_name: str, old_name: str, new_name: str, field: Any, column: str
) -> str:
    """Return the operations that rename a field and leave its column alone; neither touches the database."""
    pinned = field.clone()
    pinned.db_column = column
    return (
        f"{code(operations.AlterField(model_name, old_name, pinned))}\n"
        f"{code(operations.RenameField(model_name, old_name, new_name))}"
    )


def nullable(model_name: str, name: str, field: Any) -> str:
    """Return the operation that makes a column nullable, as the new release no longer fills it."""
    changed = field.clone()
    changed.null = True
    if getattr(changed, "db_constraint", False):
        # Django drops the constraint of any foreign key that it alters; added again, it would read both tables.
        changed.db_constraint = False
    return code(operations.AlterField(model_name, name, changed))


def free_constraint_name(state: ProjectState, wanted: str, longest: int | None) -> str:
    """
    Return a name that no constraint of the project has, and that the server does not cut off.

    Args:
        state: the project state; Django wants names of constraints to be unique in all of it.
        wanted: the name, if it is free; otherwise a number is added.
        longest: in characters, None without a limit.
    """
    taken = {
        constraint.name
        for model in dict.values(state.models)  # its own iterator would copy every model
        for constraint in model.options.get("constraints") or ()
    }
    names = itertools.chain([wanted], (f"{wanted}_{count}" for count in itertools.count(2)))
    cut = (truncate_name(name, longest) for name in names)
    return next(name for name in cut if name not in taken)


def in_state_only(*removed: Operation) -> str:
    """Return the operation that forgets fields or models and leaves the database alone."""
    return separated((), removed)


def separated(in_database: Sequence[Operation], in_state: Sequence[Operation]) -> str:
    """Return a ``SeparateDatabaseAndState`` of these operations as code."""
    parts = [
        f"    {name}=[\n{''.join(code(one, indent=8) + chr(10) for one in those)}    ],\n"
        for name, those in (("database_operations", in_database), ("state_operations", in_state))
        if those
    ]
    return f"migrations.SeparateDatabaseAndState(\n{''.join(parts)}),"


def sql(statement: str, reverse: str | None = None) -> Operation:
    """Return a ``RunSQL``; without ``reverse``, undoing it does nothing."""
    return operations.RunSQL(statement, operations.RunSQL.noop if reverse is None else reverse)
