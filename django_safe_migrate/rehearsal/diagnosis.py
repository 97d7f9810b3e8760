"""
Which rows stand in the way of an operation that failed, how many they are, and the query that finds them.

Asked of the copy after the failed migration was rolled back, by the operation's own intent: values are counted, and never told.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AlterField,
    AlterUniqueTogether,
)
from django.db.models import Count, ForeignKey, Model, Q, QuerySet, UniqueConstraint
from django.db.models.functions import Length
from django.db.utils import DatabaseError

from django_safe_migrate.plan import source_file

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.step_failed import StepFailed


def diagnose(database: Database, executor: SafeMigrationExecutor, failed: StepFailed) -> list[str]:
    """Return a sentence and a query for each kind of row in the way; nothing where it is not known."""
    migration, place = failed.migration, failed.operation
    if failed.backwards or place is None:
        return []
    state, found = executor.state_before(migration), []
    for index, operation in enumerate(migration.operations):
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        # SQL that is deferred to the end may be that of any operation.
        if index == place or place < 0:
            found += _asked(database, operation, migration.app_label, state, after)
        state = after
    return found


def _asked(
    database: Database,
    operation: Operation,
    app_label: str,
    before: ProjectState,
    after: ProjectState,
) -> list[str]:
    try:
        return list(_offenders(database, operation, app_label, before.apps, after.apps))
    except (DatabaseError, FieldDoesNotExist, FieldError, LookupError):
        # An earlier operation of the same migration, rolled back by now, had made what would be asked about.
        return []


def where(failed: StepFailed) -> str:
    """Return where the code of a migration raised, as text to be added to its error; empty when no line of its file did."""
    file = source_file(failed.migration)
    frames = traceback.extract_tb(failed.error.__traceback__)
    lines = [frame.lineno for frame in frames if file and frame.filename == file]
    return f" ({Path(file).name}, line {lines[-1]})" if lines else ""


def _offenders(
    database: Database, operation: Operation, app_label: str, before: Any, after: Any
) -> Iterator[str]:
    ask = _Questions(database)
    if isinstance(operation, AlterField):
        model = before.get_model(app_label, operation.model_name)
        old, new = (
            apps.get_model(app_label, operation.model_name)._meta.get_field(operation.name)
            for apps in (before, after)
        )
        if old.null and not new.null:
            yield from ask.nulls(model, operation.name)
        if new.unique and not old.unique:
            yield from ask.duplicates(model, [operation.name])
        if new.max_length and (old.max_length is None or new.max_length < old.max_length):
            yield from ask.too_long(model, operation.name, new.max_length)
        if isinstance(new, ForeignKey) and not isinstance(old, ForeignKey):
            yield from ask.orphans(model, operation.name, before, new)
    elif isinstance(operation, AddConstraint):
        model = before.get_model(app_label, operation.model_name)
        yield from _of_constraint(ask, model, operation.constraint)
    elif isinstance(operation, AlterUniqueTogether):
        model = before.get_model(app_label, operation.name)
        for fields in operation.option_value or ():
            yield from ask.duplicates(model, list(fields))
    elif isinstance(operation, AddField) and operation.field.unique:
        model = before.get_model(app_label, operation.model_name)
        yield from ask.several(model, operation.name)


def _of_constraint(ask: _Questions, model: type[Model], constraint: Any) -> Iterator[str]:
    if isinstance(constraint, UniqueConstraint) and constraint.fields:
        distinct_nulls = getattr(constraint, "nulls_distinct", None) is not False
        yield from ask.duplicates(
            model, list(constraint.fields), constraint.condition, distinct_nulls=distinct_nulls
        )
        return
    # Django 5.1 renamed the argument of a check.
    condition = getattr(constraint, "condition", None) or getattr(constraint, "check", None)
    if isinstance(condition, Q):
        yield from ask.breaking(model, condition, constraint.name)


class _Questions:
    """Counts rows and writes the query that finds them; a number, a name or NULL is all that such a query holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def nulls(self, model: type[Model], field: str) -> Iterator[str]:
        """Rows without a value."""
        rows = self._rows(model).filter(**{f"{field}__isnull": True})
        if count := rows.count():
            yield f"{_rows(count)} of {self._named(model, [field])} {_is(count)} NULL. {self._find(rows.values('pk'))}"

    def duplicates(
        self,
        model: type[Model],
        fields: Sequence[str],
        condition: Q | None = None,
        *,
        distinct_nulls: bool = True,
    ) -> Iterator[str]:
        """Values, or pairs of them, that are there more than once."""
        rows = self._rows(model)
        rows = rows.filter(condition) if condition is not None else rows
        if distinct_nulls:
            rows = rows.filter(**{f"{field}__isnull": False for field in fields})
        groups = rows.order_by().values(*fields).annotate(times=Count("pk")).filter(times__gt=1)
        counts = [group["times"] for group in groups]
        if counts:
            values = "1 value" if len(counts) == 1 else f"{len(counts)} values"
            yield (
                f"{values} of {self._named(model, fields)} {_is(len(counts))} there more than once, in {_rows(sum(counts))}. "
                f"{self._find(groups)}"
            )

    def too_long(self, model: type[Model], field: str, length: int) -> Iterator[str]:
        """Values that do not fit."""
        rows = self._rows(model).annotate(length=Length(field)).filter(length__gt=length)
        if count := rows.count():
            yield (
                f"{_rows(count)} of {self._named(model, [field])} {_is(count)} longer than {length} characters. "
                f"{self._find(rows.values('pk', 'length'))}"
            )

    def orphans(self, model: type[Model], field: str, apps: Any, new: Any) -> Iterator[str]:
        """Values that name no row of the other table."""
        label = new.remote_field.model._meta.label_lower
        there = self._rows(apps.get_model(label)).values(new.target_field.name)
        rows = (
            self._rows(model)
            .exclude(**{f"{field}__in": there})
            .filter(**{f"{field}__isnull": False})
        )
        if count := rows.count():
            yield (
                f"{_rows(count)} of {self._named(model, [field])} {_is(count)} without a row in {new.remote_field.model._meta.db_table}. "
                f"{self._find(rows.values('pk'))}"
            )

    def several(self, model: type[Model], field: str) -> Iterator[str]:
        """A new unique column has one default for every row."""
        count = self._rows(model).count()
        if count > 1:
            yield f"{model._meta.db_table} has {_rows(count)}, and the new unique column {field} has one value for all of them."

    def breaking(self, model: type[Model], condition: Q, name: str) -> Iterator[str]:
        """Rows of which a check is false; one that is unknown, for a NULL, passes."""
        rows = self._rows(model).filter(~condition)
        if count := rows.count():
            yield f"{_rows(count)} of {model._meta.db_table} may break {name}."

    def _rows(self, model: type[Model]) -> QuerySet[Any]:
        return model._base_manager.using(self._database.alias)

    def _named(self, model: type[Model], fields: Sequence[str]) -> str:
        columns = ", ".join(str(model._meta.get_field(name).column) for name in fields)  # type: ignore[union-attr]
        return (
            f"{model._meta.db_table}.{columns}"
            if len(fields) == 1
            else f"{model._meta.db_table} ({columns})"
        )

    def _find(self, rows: Any) -> str:
        """The query as SQL, unless it would hold a value that is no number."""
        sql, parameters = rows.query.get_compiler(self._database.alias).as_sql()
        if all(isinstance(one, int) for one in parameters):
            return f"Find them: {sql % tuple(parameters) if parameters else sql.replace('%%', '%')}"
        return f"Find them: {sql}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
