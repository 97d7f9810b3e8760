"""What CHECK constraints prove."""

from __future__ import annotations

from typing import Any

from django.db.models import CheckConstraint, Q

_IS_NULL = "__isnull"


def never_null(constraint: Any) -> tuple[str, ...]:
    """
    Return the fields of which a constraint proves, once every row was checked, that they hold no NULL.

    Only ``isnull=False`` does, alone or joined with others by AND: PostgreSQL looks for ``IS NOT NULL``, and ``x > 0`` lets NULL pass.
    """
    if not isinstance(constraint, CheckConstraint):
        return ()
    return tuple(_proved(getattr(constraint, "condition", None)))


def _proved(condition: Any) -> list[str]:
    if not isinstance(condition, Q) or condition.negated:
        return []
    if condition.connector != Q.AND and len(condition.children) > 1:
        return []
    found: list[str] = []
    for child in condition.children:
        if isinstance(child, Q):
            found.extend(_proved(child))
        elif isinstance(child, tuple) and child[0].endswith(_IS_NULL) and child[1] is False:
            found.append(child[0].removesuffix(_IS_NULL))
    return found
