"""Whether a plan can lose data, which decides on a backup when one is made for destructive plans only."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from django.db import connections
from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import OperationCategory

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.losses import keeps_data
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_plan
from django_safe_migrate.sql.reading import read

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.plan import Plan


def destroys_data(plan: Plan, state: ProjectState) -> tuple[str, ...]:
    """
    Return why a plan can lose data, one clause per reason; nothing when it cannot.

    Code of the project counts, for nobody knows what it does, and so does its SQL unless all of it is known to lose nothing; a table
    that the plan itself makes does not. ``state`` is the project state without any migration of the plan, in both directions.
    """
    connection = connections[plan.database]
    schema = Schema(connection, live=connection.connection is not None)
    so_far = SoFar(Live(None))
    reasons: dict[str, None] = {}
    for planned, parts in walk_plan(plan, state):
        for part in parts:
            around = Surroundings(planned.app_label, part.earlier, part.later, schema)
            for change in derive(part.operation, around, backwards=planned.backwards):
                reason = "" if so_far.is_new(change.table) else _reason(change, connection.vendor)
                if reason:
                    reasons.setdefault(f"{planned.label} {reason}")
                so_far.note(change)
    return tuple(reasons)


@functools.singledispatch
def _reason(change: Change, vendor: str) -> str:
    return ""


@_reason.register
def _(change: changes.TableDropped, vendor: str) -> str:
    return f"drops table {change.table}"


@_reason.register
def _(change: changes.ColumnDropped, vendor: str) -> str:
    return "" if change.column.generated else f"drops column {change.column.name} of {change.table}"


@_reason.register
def _(change: changes.ColumnAltered, vendor: str) -> str:
    old, new = change.old.type, change.new.type
    known = bool(old and new)
    if not (loses_values(vendor, old, new) if known else change.changes_type):
        return ""
    to = f" to {new}" if new else ""
    return f"changes the type of column {change.new.name} of {change.table}{to}"


@_reason.register
def _(change: changes.CodeRun, vendor: str) -> str:
    if change.code is None or change.code is RunPython.noop:
        return ""
    return f"runs Python ({getattr(change.code, '__name__', 'a callable')})"


@_reason.register
def _(change: changes.StatementsRun, vendor: str) -> str:
    known = read(change.statements or (), vendor)
    return "" if all(keeps_data(statement) for statement in known) else "runs hand-written SQL"


@_reason.register
def _(change: changes.Unrecognised, vendor: str) -> str:
    if change.operation.category is OperationCategory.ADDITION:
        return ""
    return f"runs {type(change.operation).__name__}, whose effect is not known"
