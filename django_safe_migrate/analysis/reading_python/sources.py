"""Where a callable of a migration is written: its syntax tree and the names around it. Nothing of it is executed."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import os
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from django_safe_migrate.analysis.parsing import parsed

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_LAMBDA = "<lambda>"
_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}
_STANDARD_LIBRARY = Path(os.__file__).parent


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """
    A function's code: ``names`` are the real globals and closed-over variables that it can see.

    ``bound`` is how many of its first parameters are taken (``self``, ``cls``); ``module`` the name of the module.
    """

    node: FunctionNode = dataclasses.field(hash=False)
    file: str
    module: str
    names: Mapping[str, Any] = dataclasses.field(compare=False, hash=False, repr=False)
    bound: int = 0

    @property
    def name(self) -> str:
        """The function's name, empty for a lambda."""
        return "" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclasses.dataclass(frozen=True, slots=True)
class Partial:
    """A callable with the arguments that ``functools.partial`` has given to it."""

    function: types.FunctionType
    bound: int = 0
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def unwrapped(code: Callable[..., Any]) -> Partial | None:
    """Return the Python function inside of a callable, None when there is none (a builtin, a class)."""
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    bound = 0
    for _ in range(20):  # no chain of wrappers is longer; one that goes in a circle ends here
        kind = type(code)
        if issubclass(kind, functools.partial):
            arguments = (*code.args, *arguments)  # type: ignore[attr-defined]
            keywords = {**code.keywords, **keywords}  # type: ignore[attr-defined]
            code = code.func  # type: ignore[attr-defined]
        elif issubclass(kind, types.MethodType):
            bound += 1
            code = code.__func__  # type: ignore[attr-defined]
        elif issubclass(kind, staticmethod):
            code = code.__func__  # type: ignore[attr-defined]
        elif issubclass(kind, types.FunctionType):
            inner = vars(code).get("__wrapped__")
            if inner is None:
                return Partial(code, bound, arguments, keywords)  # type: ignore[arg-type]
            code = inner
        elif issubclass(kind, type) or not _has_python_call(kind):
            return None
        else:
            bound += 1
            code = inspect.getattr_static(kind, "__call__")
    return None


def _has_python_call(kind: type) -> bool:
    return isinstance(inspect.getattr_static(kind, "__call__", None), types.FunctionType)


def source_of(function: types.FunctionType, bound: int = 0) -> Source | None:
    """Return the source of a function, None when its file is gone, was changed, or has two candidates on the same line."""
    file = function.__code__.co_filename
    candidates = _lambdas(file) if function.__code__.co_name == _LAMBDA else _functions(file)
    found = [node for node in candidates if _is_code_of(node, function.__code__)]
    if len(found) != 1:
        return None
    return Source(found[0], file, function.__module__ or "", _names(function), bound)


def is_of_project(file: str, module: str, migration_module: str) -> bool:
    """Whether a function is the project's own: not of the standard library, nor of an installed package that is not the migration's."""
    path = PurePath(file)
    if module.partition(".")[0] == migration_module.partition(".")[0]:
        return True
    return not (_PACKAGE_FOLDERS.intersection(path.parts) or path.is_relative_to(_STANDARD_LIBRARY))


def _is_code_of(node: FunctionNode, code: types.CodeType) -> bool:
    name = _LAMBDA if isinstance(node, ast.Lambda) else node.name
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return (
        name == code.co_name
        and first == code.co_firstlineno
        and names == list(code.co_varnames[: code.co_argcount])
    )


def _names(function: types.FunctionType) -> dict[str, Any]:
    names = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            names.pop(name, None)
    return names


@functools.lru_cache(maxsize=512)
def _functions(file: str) -> tuple[FunctionNode, ...]:
    return tuple(_defined(parsed(file)))


@functools.lru_cache(maxsize=512)
def _lambdas(file: str) -> tuple[FunctionNode, ...]:
    return tuple(node for node in ast.walk(parsed(file)) if isinstance(node, ast.Lambda))


def _defined(block: ast.AST) -> Iterator[FunctionNode]:
    """The functions that statements define: looking into expressions, which make up most of a tree, would take ten times as long."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(block, part, ()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node
            yield from _defined(node)
