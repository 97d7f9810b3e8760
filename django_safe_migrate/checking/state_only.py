"""Changes of models that the database does not notice, such as another help text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management import get_commands
from django.db.migrations import operations

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState


def has_own_makemigrations() -> bool:
    """Return whether ``makemigrations`` is a command of the project: it may make no migrations for what no database notices."""
    return get_commands().get("makemigrations") != "django.core"


def reaches_database(operation: Operation, app_label: str, state: ProjectState) -> bool:
    """
    Return whether an operation of the autodetector changes more than the state, by what Django itself goes by; where that is not known,
    it does.

    Args:
        state: the project state before the operation.
    """
    if isinstance(operation, operations.AlterModelOptions | operations.AlterModelManagers):
        return False
    if not isinstance(operation, operations.AlterField):
        return True
    model = dict.get(state.models, (app_label, operation.model_name_lower))
    old: Any = None if model is None else model.fields.get(operation.name)
    return old is None or _in_database(old) != _in_database(operation.field)


def _in_database(field: Any) -> tuple[Any, ...]:
    """What a field is made of, without the attributes that Django never writes down in the database."""
    _, path, arguments, options = field.deconstruct()
    ignored = set(field.non_db_attrs) - {"db_column"}
    return path, arguments, {name: value for name, value in options.items() if name not in ignored}
