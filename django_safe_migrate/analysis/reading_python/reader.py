"""Reading a function of a migration, and the functions that it calls."""

from __future__ import annotations

import ast
import dataclasses
import functools
import itertools
from collections.abc import Callable
from typing import Any

from django_safe_migrate.analysis.reading_python.frame import Frame
from django_safe_migrate.analysis.reading_python.objects import value_of
from django_safe_migrate.analysis.reading_python.sources import source_of, unwrapped
from django_safe_migrate.analysis.reading_python.statements import Statements
from django_safe_migrate.analysis.reading_python.uses import Unreadable, Use
from django_safe_migrate.analysis.reading_python.values import (
    Constant,
    Editor,
    Function,
    Many,
    Registry,
    Value,
    Variables,
    merged,
)

#: Functions that call each other are followed this deep: data migrations have a helper or two, and far down lies the library of a project.
DEPTH = 5
#: As many calls are followed in all: a data migration has some dozens, and what calls the library of a project could have any number.
CALLS = 500


def read(code: Callable[..., Any], migration_module: str = "") -> tuple[Use, ...]:
    """
    Return what a callable of ``RunPython`` does, in the order of reading.

    Args:
        code: a function, partial, lambda, method or object that can be called.
        migration_module: the module of the migration: functions of its package are followed wherever they are installed.
    """
    try:
        hash(code)
    except TypeError:  # read each time instead of once
        return _read.__wrapped__(code, migration_module)
    return _read(code, migration_module)


@functools.lru_cache(maxsize=256)
def _read(code: Callable[..., Any], migration_module: str) -> tuple[Use, ...]:
    uses: dict[Use, None] = {}
    found = unwrapped(code)
    source = None if found is None else source_of(found.function, found.bound)
    if found is None or source is None:
        return (Unreadable(file="", line=0, reason=f"The source of {code!r} cannot be found."),)
    given = [value_of(argument, "", migration_module) for argument in found.arguments]
    keywords = {name: value_of(one, "", migration_module) for name, one in found.keywords.items()}
    outside = Frame(source, {}, migration_module, uses, _follow, itertools.count())
    arguments: list[Value] = [*given, Registry(historical=True), Editor()]
    _follow(outside, Function(source), arguments, keywords)
    return tuple(uses)


@dataclasses.dataclass(frozen=True, slots=True)
class Definition:
    """Where a function is defined, and the names of the parameters that ``RunPython`` fills; empty when it cannot be told."""

    name: str = ""
    parameters: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


def definition(code: Callable[..., Any]) -> Definition:
    """Return how the function inside of a callable is written."""
    found = unwrapped(code)
    source = None if found is None else source_of(found.function, found.bound)
    if found is None or source is None:
        return Definition()
    names = [one.arg for one in (*source.node.args.posonlyargs, *source.node.args.args)]
    free = names[source.bound + len(found.arguments) :]
    kept = tuple(name for name in free if name not in found.keywords)
    return Definition(source.name, kept, source.file, source.node.lineno)


def _follow(
    caller: Frame, function: Function, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    source = function.source
    if source.node in caller.active or len(caller.active) >= DEPTH:
        return None
    if next(caller.followed) >= CALLS:
        return None
    variables: Variables = dict(function.scope or {})
    variables.update(_bound(function, arguments, keywords, caller.migration_module))
    frame = Frame(
        source,
        variables,
        caller.migration_module,
        caller.uses,
        caller.call,
        caller.followed,
        (*caller.active, source.node),
        list(caller.loops),
        left=caller.left,
        branches=caller.branches,
        guarded=caller.guarded,
        vendors=caller.vendors,
    )
    statements = Statements(frame)
    if isinstance(source.node, ast.Lambda):
        return statements.evaluate(source.node.body)
    statements.block(source.node.body)
    if frame.yielded:
        item = functools.reduce(merged, [value for value, _ in frame.yielded])
        return Many(item, any(large for _, large in frame.yielded))
    return functools.reduce(merged, frame.returned) if frame.returned else None


def _bound(
    function: Function, arguments: list[Value], keywords: dict[str, Value], module: str
) -> Variables:
    """The parameters with what is known about their arguments, or about their defaults."""
    node = function.source.node.args
    names = [argument.arg for argument in (*node.posonlyargs, *node.args)]
    variables: Variables = dict.fromkeys([*names, *(one.arg for one in node.kwonlyargs)])
    for extra in (node.vararg, node.kwarg):
        if extra is not None:
            variables[extra.arg] = None
    defaults = [
        *zip(names[len(names) - len(node.defaults) :], node.defaults, strict=True),
        *(
            (one.arg, default)
            for one, default in zip(node.kwonlyargs, node.kw_defaults, strict=True)
        ),
    ]
    for name, default in defaults:
        variables[name] = _default(function, default, module)
    given = [*function.bound, *arguments]
    variables.update(zip(names[function.source.bound :], given, strict=False))
    for name, value in (*function.keywords, *keywords.items()):
        if name in variables:
            variables[name] = value
    return variables


def _default(function: Function, node: ast.expr | None, module: str) -> Value:
    if isinstance(node, ast.Constant):
        return Constant(node.value)
    names = function.source.names
    if isinstance(node, ast.Name) and node.id in names:
        return value_of(names[node.id], node.id, module)
    return None
