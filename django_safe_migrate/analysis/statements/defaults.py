"""How often the database computes a default that Django gives it."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Value
from django.db.models.expressions import Func, RawSQL

from django_safe_migrate.databases.statements import AddColumn, AlterTable, Default
from django_safe_migrate.sql.reading import read

#: Functions, in lower case, with one value per statement or transaction (``pg_proc.provolatile`` is ``s``).
_STABLE = {
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "now",
    "session_user",
    "statement_timestamp",
    "transaction_timestamp",
}
#: Django's own functions with a value per row; the others of its module are immutable, except for those in ``_STABLE``.
_VOLATILE = {"random", "randomuuid", "uuid4", "uuid7"}
_DJANGO = ("django.db.models.", "django.contrib.postgres.")
_ORDER = (Default.CONSTANT, Default.IMMUTABLE, Default.STABLE, Default.VOLATILE)


def kind_of(default: Any) -> Default:
    """
    Return the kind of a ``db_default``, a value or an expression.

    A function that is not known is volatile: PostgreSQL takes one of a project for that, unless it was told otherwise.
    """
    if not hasattr(default, "resolve_expression"):
        return Default.CONSTANT
    found = Default.CONSTANT if isinstance(default, Value) else Default.IMMUTABLE
    pending: list[Any] = [default]
    while pending:
        expression = pending.pop()
        found = max(found, _own_kind(expression), key=_ORDER.index)
        pending.extend(filter(None, getattr(expression, "get_source_expressions", list)()))
    return found


def _own_kind(expression: Any) -> Default:
    if isinstance(expression, Value):
        return Default.CONSTANT
    if isinstance(expression, RawSQL):
        return _written_kind(expression.sql)
    if isinstance(expression, F) or not isinstance(expression, Func):
        return Default.IMMUTABLE
    given = expression.extra.get("function") or expression.function
    names = {str(given).lower(), type(expression).__name__.lower()}
    if names & _VOLATILE:
        return Default.VOLATILE
    if names & _STABLE or type(expression).__name__ in {"Now", "TransactionNow"}:
        return Default.STABLE
    known = type(expression) is not Func and type(expression).__module__.startswith(_DJANGO)
    return Default.IMMUTABLE if known or str(given).lower() in _IMMUTABLE else Default.VOLATILE


def _written_kind(sql: str) -> Default:
    """The kind of an expression that somebody has written in SQL; what cannot be read may be anything."""
    statements = read([f"ALTER TABLE x ADD COLUMN x integer DEFAULT ({sql})"], "")
    for statement in statements:
        if isinstance(statement, AlterTable) and isinstance(statement.actions[0], AddColumn):
            written = statement.actions[0].column.default
            return Default.CONSTANT if written is Default.NONE else written  # NULL is a value too
    return Default.VOLATILE


#: Functions that people call by name with ``Func(..., function=...)``.
_IMMUTABLE = {
    "abs",
    "ceil",
    "ceiling",
    "coalesce",
    "concat",
    "floor",
    "greatest",
    "least",
    "length",
    "lower",
    "md5",
    "mod",
    "nullif",
    "replace",
    "round",
    "substr",
    "substring",
    "trim",
    "upper",
}
