"""
The safer variants on PostgreSQL.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY and
https://www.postgresql.org/docs/current/sql-altertable.html (NOT VALID, VALIDATE CONSTRAINT, SET NOT NULL).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.models import NOT_PROVIDED, CheckConstraint, Q

from django_safe_migrate.analysis.recipes import free_constraint_name
from django_safe_migrate.safer.parts import Moment, NoVariant, Part, Variant

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation

# django.contrib.postgres.operations imports psycopg, which only projects on PostgreSQL have: so it is imported where it is used.


def _add_index(operation: Any, moment: Moment) -> Variant:
    from django.contrib.postgres.operations import AddIndexConcurrently

    concurrent = AddIndexConcurrently(operation.model_name, operation.index)
    return Variant(
        (Part((concurrent,), atomic=False),),
        "built CONCURRENTLY in a migration of its own, while others read and write",
    )


def _remove_index(operation: Any, moment: Moment) -> Variant:
    from django.contrib.postgres.operations import RemoveIndexConcurrently

    concurrent = RemoveIndexConcurrently(operation.model_name, operation.name)
    return Variant(
        (Part((concurrent,), atomic=False),),
        "dropped CONCURRENTLY in a migration of its own, while others read and write",
    )


def _add_constraint(operation: Any, moment: Moment) -> Variant | None:
    if not isinstance(operation.constraint, CheckConstraint):
        return None
    return Variant(
        _checked_later(operation.model_name, operation.constraint),
        "added NOT VALID, and validated in the next migration, while others read and write",
    )


def _alter_field(operation: Any, moment: Moment) -> Variant | NoVariant | None:
    model, new = moment.model(operation.model_name), operation.field
    if not _sets_not_null(model.fields[operation.name], new):
        return None
    condition = Q(**{f"{operation.name}__isnull": False})
    constraints = model.options.get("constraints") or []
    if any(isinstance(c, CheckConstraint) and c.condition == condition for c in constraints):
        return None
    if new.has_default() or new.db_default is not NOT_PROVIDED:
        # Django fills the rows in the last step, and the constraint would be validated before: it would fail on them.
        return NoVariant(
            "it has a default, with which Django fills the rows that hold NULL in one statement. Fill them in a migration before, "
            "in batches, and leave the default out of this one"
        )
    name = _free_name(operation, moment)
    last = (operation, operations.RemoveConstraint(operation.model_name, name))
    return Variant(
        (
            *_checked_later(operation.model_name, CheckConstraint(condition=condition, name=name)),
            Part(last),
        ),
        "a CHECK constraint proves first, while others read and write, that no row holds NULL; the last migration drops it again",
    )


#: By the class itself: what a subclass does is its own affair.
VARIANTS: dict[type[Operation], Callable[[Any, Moment], Variant | NoVariant | None]] = {
    operations.AddIndex: _add_index,
    operations.RemoveIndex: _remove_index,
    operations.AddConstraint: _add_constraint,
    operations.AlterField: _alter_field,
}


def _checked_later(model_name: str, constraint: CheckConstraint) -> tuple[Part, Part]:
    from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint

    return (
        Part((AddConstraintNotValid(model_name, constraint),)),
        Part((ValidateConstraint(model_name, constraint.name),)),
    )


def _sets_not_null(old: Any, new: Any) -> bool:
    """A primary key is checked by its own constraint; a generated column holds what its expression gives."""
    if not old.null or new.null or new.primary_key or new.many_to_many:
        return False
    return not (getattr(old, "generated", False) or getattr(new, "generated", False))


def _free_name(operation: Any, moment: Moment) -> str:
    """A name that no constraint of the project has and that the server does not cut off."""
    wanted = f"{operation.model_name_lower}_{operation.name_lower}_not_null"
    return free_constraint_name(moment.state, wanted, moment.max_name_length)
