"""From a real object that code can see to what the reader knows about it. Nothing is called, and no lazy object is evaluated."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import types
from typing import Any

from django.apps import apps as real_apps
from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Manager
from django.db.models.base import ModelBase
from django.db.utils import ConnectionHandler
from django.utils.connection import ConnectionProxy

from django_safe_migrate.analysis.reading_python.sources import (
    is_of_project,
    source_of,
    unwrapped,
)
from django_safe_migrate.analysis.reading_python.uses import ModelName
from django_safe_migrate.analysis.reading_python.values import (
    Connection,
    Constant,
    Function,
    Many,
    Model,
    Query,
    Registry,
    Thing,
    Value,
)

_PLAIN_TYPES = (str, int, float, bool, bytes, type(None))


def value_of(real: Any, dotted: str, migration_module: str) -> Value:
    """
    Return what is known about a real object.

    The class of an object is asked of ``type()``: ``isinstance`` would make lazy objects, such as Celery's tasks, come to life.
    """
    kind = type(real)
    if issubclass(kind, types.ModuleType):
        return Thing(real.__name__, real)
    if issubclass(kind, ModelBase):
        return _model(real, dotted)
    if issubclass(kind, Apps):
        return Registry(historical=False)
    if issubclass(kind, BaseDatabaseWrapper) or (
        issubclass(kind, ConnectionProxy) and dotted.rpartition(".")[2] == "connection"
    ):
        return Connection()
    if issubclass(kind, ConnectionHandler):
        return Thing("django.db.connections", real)
    if kind in _PLAIN_TYPES:
        return Constant(real)
    if kind in (tuple, list, set, frozenset):
        return Many(None)
    return _callable(real, dotted, migration_module)


def attribute_of(thing: Thing, name: str, migration_module: str) -> Value:
    """Return what is known about an attribute of a module or class; of anything else only its dotted name."""
    dotted = f"{thing.dotted}.{name}"
    kind = type(thing.real)
    if issubclass(kind, types.ModuleType) or issubclass(kind, type):
        names = vars(thing.real)
        if name in names:
            return value_of(names[name], dotted, migration_module)
    return Thing(dotted)


def imported(module: str, name: str, migration_module: str) -> Value:
    """Return what ``from module import name`` gives, or ``import module`` when the name is empty, if it is loaded already."""
    if not name:
        return Thing(module, sys.modules.get(module))
    real = sys.modules.get(module)
    if real is not None and name in vars(real):
        return value_of(vars(real)[name], f"{module}.{name}", migration_module)
    return Thing(f"{module}.{name}", sys.modules.get(f"{module}.{name}"))


def absolute(module: str, level: int, names: Any) -> str:
    """Return the full name of a module that a relative import names; empty when it cannot be told."""
    if not level:
        return module
    try:
        return importlib.util.resolve_name("." * level + module, names.get("__package__") or "")
    except ImportError:
        return ""


def manager_of(model: Model, name: str) -> Value:
    """Return the manager that a model class has under this name, if it has one."""
    if name in ("objects", "_default_manager", "_base_manager"):
        return Query(model.name)
    if model.name.historical:
        return None
    try:
        real = real_apps.get_model(*model.name.key)
    except LookupError:
        return None
    found = inspect.getattr_static(real, name, None)
    manager = getattr(found, "manager", None)
    # A manager of the project may hide rows, so that nothing is known of its conditions.
    return Query(model.name).unsure() if isinstance(manager, Manager) else None


def _model(real: Any, dotted: str) -> Value:
    options = getattr(real, "_meta", None)
    if options is None or options.abstract or options.apps is not real_apps:
        return Thing(dotted, real)
    return Model(ModelName(options.app_label, options.object_name, historical=False))


def _callable(real: Any, dotted: str, migration_module: str) -> Value:
    found = unwrapped(real) if callable_kind(real) else None
    origin = _origin(real)
    if found is None:
        return Thing(dotted, real, origin)
    function = found.function
    file, module = function.__code__.co_filename, function.__module__ or ""
    source = source_of(function, found.bound)
    if source is None or not is_of_project(file, module, migration_module):
        return Thing(dotted, real, origin)
    bound = tuple(value_of(one, "", migration_module) for one in found.arguments)
    keywords = tuple(
        (name, value_of(one, "", migration_module)) for name, one in found.keywords.items()
    )
    return Function(source, None, bound, keywords)


def callable_kind(real: Any) -> bool:
    """Whether an object is a function, a method or a partial of one; asked of its type, as above."""
    return issubclass(type(real), types.FunctionType | types.MethodType | staticmethod) or type(
        real
    ).__module__ in ("functools",)


def _origin(real: Any) -> str:
    """Where a function or class is defined, whatever it was imported from."""
    kind = type(real)
    if issubclass(kind, types.FunctionType | types.BuiltinFunctionType | type):
        return f"{real.__module__ or ''}.{real.__qualname__}"
    return ""
