"""Reading the statements of a function, in order; a loop is read once, and both branches of a condition."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

from django_safe_migrate.analysis.reading_python import iteration
from django_safe_migrate.analysis.reading_python.expressions import Expressions
from django_safe_migrate.analysis.reading_python.frame import Frame, Loop, is_guard
from django_safe_migrate.analysis.reading_python.objects import absolute, imported
from django_safe_migrate.analysis.reading_python.sources import Source
from django_safe_migrate.analysis.reading_python.values import Function, Variables, merged
from django_safe_migrate.analysis.reading_python.vendors import outcomes

_LEAVES = (ast.Return, ast.Raise)


class Statements:
    """Reads the body of the function of a frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.expressions = Expressions(frame)
        self.evaluate = self.expressions.evaluate

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Read statements that follow each other."""
        frame = self.frame
        before = frame.left, frame.vendors
        frame.left = (*frame.left, *self._loops_left(body))
        for statement in body:
            self.read(statement)
        # What a condition that left the block says of the vendor is true until its end.
        frame.left, frame.vendors = before

    def _loops_left(self, body: Sequence[ast.stmt]) -> Sequence[Loop]:
        """The loops that end with this block, so that what it does is done once."""
        own = self.frame.loops[-self.frame.own_loops :] if self.frame.own_loops else []
        last = body[-1] if body else None
        if isinstance(last, ast.Break):
            return own[-1:]
        return own if isinstance(last, _LEAVES) else []

    @functools.singledispatchmethod
    def read(self, node: ast.AST) -> None:
        """Read a statement of a kind that needs no more than its parts."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child)
            else:
                self.read(child)

    @read.register
    def _(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Tuple):
            values = [self.evaluate(value) for value in node.value.elts]
            for target in node.targets:
                self.expressions.assign_each(target, values)
            return
        value = self.evaluate(node.value)
        for target in node.targets:
            self.expressions.assign(target, value)

    @read.register
    def _(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.expressions.assign(node.target, self.evaluate(node.value))

    @read.register
    def _(self, node: ast.AugAssign) -> None:
        added = self.evaluate(node.value)
        if isinstance(node.target, ast.Name):
            name = node.target.id
            before = self.frame.variables.get(name)
            self.frame.variables[name] = iteration.added(self.frame, name, before, added, node.op)

    @read.register
    def _(self, node: ast.Return) -> None:
        value = self.evaluate(node.value) if node.value is not None else None
        if node.value is not None:
            self.frame.returned.append(value)

    @read.register(ast.For)
    @read.register(ast.AsyncFor)
    def _(self, node: ast.For | ast.AsyncFor) -> None:
        with self.expressions.each(node, node.target, node.iter, node.body):
            self.block(node.body)
        self.block(node.orelse)

    @read.register
    def _(self, node: ast.While) -> None:
        self.evaluate(node.test)
        with self.frame.looping(Loop(node)):
            self.block(node.body)
        self.block(node.orelse)

    @read.register
    def _(self, node: ast.If) -> None:
        frame = self.frame
        test = outcomes(self.evaluate(node.test))
        guarded = is_guard(node.test)
        before = dict(frame.variables)
        with frame.branching(guarded, test.holds):
            self.block(node.body)
        taken = _taken(node.body, frame.variables)
        frame.variables.clear()
        frame.variables.update(before)
        with frame.branching(guarded, test.fails):
            self.block(node.orelse)
        _merge(frame.variables, taken)
        if _ends(node.orelse):
            frame.vendors &= test.holds
        if taken is None:  # what follows is not reached whenever the condition holds
            frame.branches += 1
            frame.guarded = frame.guarded or guarded
            frame.vendors &= test.fails

    @read.register(ast.Try)
    @read.register(ast.TryStar)
    def _(self, node: ast.Try) -> None:
        with self.frame.branching(guarded=bool(node.handlers)):
            self.block(node.body)
            for handler in node.handlers:
                before = dict(self.frame.variables)
                self.block(handler.body)
                self.frame.variables.clear()
                self.frame.variables.update(before)
            self.block(node.orelse)
        self.block(node.finalbody)
        if any(_ends(handler.body) for handler in node.handlers):
            self.frame.branches += 1
            self.frame.guarded = True

    @read.register(ast.With)
    @read.register(ast.AsyncWith)
    def _(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.expressions.assign(item.optional_vars, value)
        self.block(node.body)

    @read.register(ast.FunctionDef)
    @read.register(ast.AsyncFunctionDef)
    def _(self, node: ast.FunctionDef) -> None:
        source = self.frame.source
        nested = Source(node, source.file, source.module, source.names)
        self.frame.variables[node.name] = Function(nested, self.frame.variables)

    @read.register
    def _(self, node: ast.ClassDef) -> None:
        self.frame.variables[node.name] = None

    @read.register
    def _(self, node: ast.Import) -> None:
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            name = alias.asname or whole
            self.frame.variables[name] = imported(whole, "", self.frame.migration_module)

    @read.register
    def _(self, node: ast.ImportFrom) -> None:
        module = absolute(node.module or "", node.level, self.frame.source.names)
        for alias in node.names:
            value = imported(module, alias.name, self.frame.migration_module) if module else None
            self.frame.variables[alias.asname or alias.name] = value


def _ends(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (*_LEAVES, ast.Continue, ast.Break))


def _taken(body: Sequence[ast.stmt], variables: Variables) -> Variables | None:
    """The variables after a branch, None when the branch leaves what is around it."""
    return None if _ends(body) else dict(variables)


def _merge(variables: Variables, taken: Variables | None) -> None:
    if taken is None:
        return
    for name in {*variables, *taken}:
        variables[name] = merged(variables.get(name), taken.get(name))
