"""What hand-written Python and SQL change: nobody knows, but here it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import router
from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.deriving.dispatch import Surroundings, derived


@derived.register(operations.RunPython)
def _run_python(operation: operations.RunPython, around: Surroundings) -> Iterator[Change]:
    if _allowed(operation, around):
        yield changes.CodeRun("", operation.code, operation.reverse_code)


@derived.register(operations.RunSQL)
def _run_sql(operation: operations.RunSQL, around: Surroundings) -> Iterator[Change]:
    if _allowed(operation, around):
        yield changes.StatementsRun("", _texts(operation.sql), _texts(operation.reverse_sql))


def _allowed(operation: Any, around: Surroundings) -> bool:
    return bool(
        router.allow_migrate(around.schema.connection.alias, around.app_label, **operation.hints)
    )


def _texts(sql: Any) -> tuple[str, ...] | None:
    if sql is None:
        return None
    parts = sql if isinstance(sql, list | tuple) else [sql]
    return tuple(str(part[0] if isinstance(part, list | tuple) else part) for part in parts if part)
