"""One call of a function while it is read: its variables, the loops around the present line, and what leads to it."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from django_safe_migrate.analysis.reading_python.sources import Source
from django_safe_migrate.analysis.reading_python.uses import ModelName, RowLoop, Use
from django_safe_migrate.analysis.reading_python.values import Function, Value, Variables
from django_safe_migrate.analysis.reading_python.vendors import ANY, Vendors

#: A condition that names one of these asks whether an app or model is there at all.
_GUARDS = {
    "is_installed",
    "all_models",
    "get_models",
    "app_configs",
    "get_app_config",
    "INSTALLED_APPS",
    "table_names",
    "hasattr",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Loop:
    """A loop; ``large`` when it may go through every row of a table; ``of_rows`` describes it then."""

    node: ast.AST
    large: bool = False
    of_rows: RowLoop | None = None


@dataclasses.dataclass(slots=True)
class Frame:
    """
    The state of reading one function.

    ``followed`` counts the calls that were followed so far, in all frames; ``left`` are the loops that end with a block around the line; ``branches`` counts the blocks that may not be reached.
    """

    source: Source
    variables: Variables
    migration_module: str
    uses: dict[Use, None]
    call: Callable[[Frame, Function, list[Value], dict[str, Value]], Value]
    followed: Iterator[int]
    active: tuple[ast.AST, ...] = ()
    loops: list[Loop] = dataclasses.field(default_factory=list)
    own_loops: int = 0
    left: tuple[Loop, ...] = ()
    branches: int = 0
    guarded: bool = False
    vendors: Vendors = ANY
    returned: list[Value] = dataclasses.field(default_factory=list)
    yielded: list[tuple[Value, bool]] = dataclasses.field(default_factory=list)

    def note(self, use: Callable[..., Use], node: ast.AST, **values: Any) -> None:
        """Keep a use, with the line of the node."""
        line = getattr(node, "lineno", 0)
        found = use(
            file=self.source.file,
            line=line,
            guarded=self.guarded,
            vendors=self.vendors,
            **values,
        )
        self.uses.setdefault(found)

    @property
    def is_sure(self) -> bool:
        """Whether this line is reached whenever the function is called."""
        return not self.branches and not self.loops

    @property
    def large_loop(self) -> Loop | None:
        """The innermost loop over what may be every row of a table, None where each turn ends it."""
        left = {id(loop) for loop in self.left}
        loops = (loop for loop in reversed(self.loops) if loop.large and id(loop) not in left)
        return next(loops, None)

    @property
    def is_repeated(self) -> bool:
        """Whether this line is reached for every row of a table, or for every batch of them."""
        left = {id(loop) for loop in self.left}
        is_open = any(
            isinstance(loop.node, ast.While) for loop in self.loops if id(loop) not in left
        )
        return is_open or self.large_loop is not None

    @contextlib.contextmanager
    def looping(self, loop: Loop) -> Iterator[None]:
        """Inside of a loop."""
        self.loops.append(loop)
        self.own_loops += 1
        yield
        self.own_loops -= 1
        self.loops.pop()

    @contextlib.contextmanager
    def branching(self, guarded: bool = False, vendors: Vendors = ANY) -> Iterator[None]:
        """Inside of a block that may not be reached, or only on some vendors."""
        before = self.guarded, self.vendors
        self.guarded = self.guarded or guarded
        self.vendors &= vendors
        self.branches += 1
        yield
        self.branches -= 1
        self.guarded, self.vendors = before


def is_guard(test: ast.expr) -> bool:
    """Whether a condition asks if an app, a model or a table is there."""
    names = (
        node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        for node in ast.walk(test)
    )
    return not _GUARDS.isdisjoint(names)


def row_loop(model: ModelName, target: ast.expr, source: ast.expr, node: ast.AST) -> RowLoop:
    """Describe a loop over rows for hints."""
    return RowLoop(model, ast.unparse(target), ast.unparse(source), node)
