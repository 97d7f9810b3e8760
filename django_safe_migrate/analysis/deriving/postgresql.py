"""What the operations of ``django.contrib.postgres`` change that are no others' subclasses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import router

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.deriving.dispatch import POSTGRESQL, Surroundings
from django_safe_migrate.databases.statements import OtherObject
from django_safe_migrate.sql.tables import table_name


def _validate_constraint(operation: Any, around: Surroundings) -> Iterator[Change]:
    model = around.new(operation.model_name)
    if model is not None:
        yield changes.ConstraintValidated(table_name(model), operation.name)


def _create_extension(operation: Any, around: Surroundings) -> Iterator[Change]:
    if _is_allowed(around, **(getattr(operation, "hints", None) or {})):
        yield _made("EXTENSION", operation.name)


def _create_collation(operation: Any, around: Surroundings) -> Iterator[Change]:
    if _is_allowed(around):
        yield _made("COLLATION", operation.name)


def _remove_collation(operation: Any, around: Surroundings) -> Iterator[Change]:
    if _is_allowed(around):
        made = _made("COLLATION", operation.name)
        yield changes.ObjectChanged("", made.reverse or made.statement, made.statement)


def _made(kind: str, name: str) -> changes.ObjectChanged:
    created = OtherObject(keywords=f"CREATE {kind}", name=name)
    return changes.ObjectChanged("", created, OtherObject(keywords=f"DROP {kind}", name=name))


def _is_allowed(around: Surroundings, **hints: Any) -> bool:
    connection = around.schema.connection
    # As the operations themselves decide.
    return connection.vendor == "postgresql" and bool(
        router.allow_migrate(connection.alias, around.app_label, **hints)
    )


POSTGRESQL.update(
    ValidateConstraint=_validate_constraint,
    CreateExtension=_create_extension,
    CreateCollation=_create_collation,
    RemoveCollation=_remove_collation,
)
