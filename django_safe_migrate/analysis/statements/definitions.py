"""Columns of model states as statements define them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import NOT_PROVIDED, AutoField
from django.db.models.fields import AutoFieldMixin

from django_safe_migrate.analysis.statements.defaults import kind_of
from django_safe_migrate.databases.statements import ColumnDefinition, Default

if TYPE_CHECKING:
    from django_safe_migrate.analysis.schema import Column

_COUNTS_UP = " auto_increment"


def definition(
    column: Column, *, default: Default = Default.NONE, references: str = ""
) -> ColumnDefinition:
    """
    Return the definition of a column.

    Args:
        column: as the state has it.
        default: what fills existing rows, where the field has no ``db_default``.
        references: the table of a foreign key that is a part of the definition.
    """
    return ColumnDefinition(
        name=column.name,
        type=type_of(column),
        null=column.null or column.generated,  # Django leaves NOT NULL out there
        default=kind_of(column.db_default) if column.has_db_default else default,
        generated=("stored" if column.stored else "virtual") if column.generated else "",
        identity=is_counted(column),
        primary_key=column.primary_key,
        unique=column.unique,
        check=bool(column.check),
        references=references,
        collation=column.collation,
    )


def type_of(column: Column) -> str:
    """Return the type in lower case; that a server counts it up is said in ``identity``."""
    return column.type.lower().removesuffix(_COUNTS_UP)


def is_counted(column: Column) -> bool:
    """Return whether the server fills it with the next number."""
    return isinstance(column.field, AutoField | AutoFieldMixin)


def one_off_default(column: Column) -> bool:
    """
    Return whether Django gives existing rows a value, and drops the default again.

    Nothing of the project is called: a function is taken to return a value.
    """
    field: Any = column.field
    if column.has_db_default or column.generated:
        return False
    if field.has_default():
        return field.default is not None
    return column.has_python_default


def given_default(column: Column) -> Any:
    """Return the value that Django gives to existing rows, ``NOT_PROVIDED`` when only calling the project's function would tell."""
    field: Any = column.field
    if field.has_default():
        return NOT_PROVIDED if callable(field.default) else field.default
    if not field.null and field.blank and field.empty_strings_allowed:
        return b"" if field.get_internal_type() == "BinaryField" else ""
    return NOT_PROVIDED
