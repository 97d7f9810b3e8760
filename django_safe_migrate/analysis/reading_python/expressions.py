"""Reading expressions: what is known about their value, and what evaluating them does."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from django_safe_migrate.analysis.reading_python import iteration, texts, vendors
from django_safe_migrate.analysis.reading_python.calls import Calls
from django_safe_migrate.analysis.reading_python.frame import Frame, Loop, row_loop
from django_safe_migrate.analysis.reading_python.objects import (
    attribute_of,
    manager_of,
    value_of,
)
from django_safe_migrate.analysis.reading_python.sources import Source
from django_safe_migrate.analysis.reading_python.uses import DatabaseChosen
from django_safe_migrate.analysis.reading_python.values import (
    Alias,
    Column,
    Connection,
    Constant,
    Editor,
    Function,
    Many,
    Method,
    Model,
    Page,
    Pages,
    Plain,
    Query,
    Row,
    Thing,
    Value,
    merged,
)

#: ``connection.vendor``.
_VENDOR = Method(Connection(), "vendor")


class Expressions:
    """Evaluates expressions of the function of a frame, as far as they can be told."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.calls = Calls(frame, self.evaluate)

    @functools.singledispatchmethod
    def evaluate(self, node: ast.AST) -> Value:
        """Return what is known about an expression of a kind that is no more than its parts."""
        for child in ast.iter_child_nodes(node):
            self.evaluate(child)
        return None

    @evaluate.register
    def _(self, node: ast.Constant) -> Value:
        return Constant(node.value)

    @evaluate.register
    def _(self, node: ast.Name) -> Value:
        return self.named(node.id)

    @evaluate.register
    def _(self, node: ast.Await) -> Value:
        return self.evaluate(node.value)

    @evaluate.register
    def _(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.assign(node.target, value)
        return value

    @evaluate.register
    def _(self, node: ast.IfExp) -> Value:
        test = vendors.outcomes(self.evaluate(node.test))
        with self.frame.branching(vendors=test.holds):
            one = self.evaluate(node.body)
        with self.frame.branching(vendors=test.fails):
            return merged(one, self.evaluate(node.orelse))

    @evaluate.register
    def _(self, node: ast.BoolOp) -> Value:
        values = [self.evaluate(value) for value in node.values]
        return vendors.joined(node.op, values) or functools.reduce(merged, values)

    @evaluate.register
    def _(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not) and isinstance(value, vendors.VendorTest):
            return value.negated()
        return None

    @evaluate.register
    def _(self, node: ast.Compare) -> Value:
        parts = (node.left, *node.comparators)
        values = [self.evaluate(part) for part in parts]
        if len(parts) > 2 or _VENDOR not in values:
            return None
        place = 1 - values.index(_VENDOR)
        value = values[place]
        constant = value.value if isinstance(value, Constant) else None
        return vendors.compared(node.ops[0], parts[place], constant)

    @evaluate.register
    def _(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), node.attr, node)

    @evaluate.register
    def _(self, node: ast.Call) -> Value:
        return self.calls.call(node)

    @evaluate.register
    def _(self, node: ast.Lambda) -> Value:
        source = self.frame.source
        nested = Source(node, source.file, source.module, source.names)
        return Function(nested, self.frame.variables)

    @evaluate.register(ast.JoinedStr)
    @evaluate.register(ast.BinOp)
    def _(self, node: ast.JoinedStr | ast.BinOp) -> Value:
        return texts.composed(node, self.evaluate)

    @evaluate.register(ast.List)
    @evaluate.register(ast.Tuple)
    @evaluate.register(ast.Set)
    def _(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        found = [self.evaluate(one) for one in node.elts]
        return Many(functools.reduce(merged, found) if found else None)

    @evaluate.register
    def _(self, node: ast.Subscript) -> Value:
        value = self.evaluate(node.value)
        index = self.evaluate(node.slice)
        return _subscripted(value, node.slice, index)

    @evaluate.register(ast.ListComp)
    @evaluate.register(ast.SetComp)
    @evaluate.register(ast.GeneratorExp)
    @evaluate.register(ast.DictComp)
    def _(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        before = dict(self.frame.variables)
        results: list[Many] = []
        with contextlib.ExitStack() as loops:
            for generator in node.generators:
                found = loops.enter_context(
                    self.each(generator, generator.target, generator.iter, ())
                )
                results.append(found)
                with self.frame.branching():
                    for condition in generator.ifs:
                        self.evaluate(condition)
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            values = [self.evaluate(part) for part in parts]
        kept = {name for name in self.frame.variables if name in before}
        for name in kept:
            self.frame.variables[name] = before[name]
        large = any(result.large for result in results)
        return Many(values[-1], large, any(result.batch for result in results))

    @evaluate.register
    def _(self, node: ast.Yield) -> Value:
        value = self.evaluate(node.value) if node.value is not None else None
        self.frame.yielded.append((value, self.frame.large_loop is not None))
        return None

    @evaluate.register
    def _(self, node: ast.YieldFrom) -> Value:
        found = iteration.items(self.frame, self.evaluate(node.value), node.value)
        self.frame.yielded.append((found.item, found.large))
        return None

    # --- names and attributes -----------------------------------------------------------------------------------------------

    def named(self, name: str) -> Value:
        """Return what is known about a name, local or global."""
        if name in self.frame.variables:
            return self.frame.variables[name]
        names = self.frame.source.names
        if name in names:
            return value_of(names[name], name, self.frame.migration_module)
        return Thing(f"builtins.{name}")

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        """Return what is known about an attribute of a value, which is not called at once."""
        if isinstance(value, Editor) and name == "connection":
            return Connection()
        if isinstance(value, Connection):
            if name in ("alias", "settings_dict"):
                self.frame.note(DatabaseChosen, node)
                return Alias()
            return Thing("connection.ops") if name == "ops" else Method(value, name)
        if isinstance(value, Model):
            return Thing("model._meta") if name == "_meta" else manager_of(value, name)
        if isinstance(value, Row):
            return None if name.startswith("_") else Column(value.model, name)
        if isinstance(value, Page) and name == "object_list":
            return value.items
        if isinstance(value, Pages) and name == "page_range":
            return Many(None, large=False, batch=True)
        if isinstance(value, Thing):
            return attribute_of(value, name, self.frame.migration_module)
        return None if value is None or isinstance(value, Constant) else Method(value, name)

    # --- assignments and loops ----------------------------------------------------------------------------------------------

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target to a value."""
        if isinstance(target, ast.Name):
            self.frame.variables[target.id] = value
        elif isinstance(target, ast.Starred):
            self.assign(target.value, None)
        elif isinstance(target, ast.Tuple | ast.List):
            for index, one in enumerate(target.elts):
                self.assign(one, _part(value, index, len(target.elts)))
        else:
            self.evaluate(target)

    def assign_each(self, target: ast.expr, values: list[Value]) -> None:
        """Bind a target to the values of a tuple."""
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
        if len(parts) == len(values) and not any(isinstance(one, ast.Starred) for one in parts):
            for part, value in zip(parts, values, strict=True):
                self.assign(part, value)
        else:
            self.assign(target, Many(functools.reduce(merged, values)) if values else Many(None))

    @contextlib.contextmanager
    def each(
        self, node: ast.AST, target: ast.expr, iterable: ast.expr, body: Sequence[ast.stmt]
    ) -> Iterator[Many]:
        """Inside of a loop over an iterable, its target bound to what is known about an item."""
        inner, target_of_item = _without_enumerate(iterable, target)
        found = iteration.items(self.frame, self.evaluate(inner), inner)
        self.assign(target, None)
        self.assign(target_of_item, found.item)
        model = iteration.model_of(found.item)
        of_rows = row_loop(model, target_of_item, inner, node) if found.large and model else None
        with self.frame.looping(Loop(node, found.large and of_rows is not None, of_rows)):
            yield found


def _without_enumerate(iterable: ast.expr, target: ast.expr) -> tuple[ast.expr, ast.expr]:
    counted = (
        isinstance(iterable, ast.Call)
        and isinstance(iterable.func, ast.Name)
        and iterable.func.id == "enumerate"
        and len(iterable.args) > 0
        and isinstance(target, ast.Tuple)
        and len(target.elts) == 2
    )
    if counted and isinstance(iterable, ast.Call) and isinstance(target, ast.Tuple):
        return iterable.args[0], target.elts[1]
    return iterable, target


def _part(value: Value, index: int, count: int) -> Value:
    if isinstance(value, Plain):
        names: Any = value.columns
        return Column(value.model, names[index]) if index < len(names) == count else None
    if isinstance(
        value, Row
    ):  # get_or_create() and update_or_create() give a row and whether it is new
        return value if index == 0 else None
    return None


def _subscripted(value: Value, node: ast.expr, index: Value) -> Value:
    if isinstance(value, Query):
        if not isinstance(node, ast.Slice):
            return iteration.item_of(value)
        return dataclasses.replace(value, slice=True)
    if isinstance(value, Many):
        return Many(value.item, value.large, True) if isinstance(node, ast.Slice) else value.item
    if isinstance(value, Plain) and isinstance(index, Constant):
        by_place = isinstance(index.value, int) and index.value < len(value.columns)
        name = value.columns[index.value] if by_place else index.value
        return Column(value.model, name) if isinstance(name, str) else None
    if isinstance(value, Thing) and value.dotted == "django.db.connections":
        return Connection()
    return None
