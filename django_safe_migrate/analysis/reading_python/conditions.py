"""What the arguments of ``filter()`` and others say: whether few rows are left, and which fields they name."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from django_safe_migrate.analysis.reading_python.values import Constant, Evaluate, Query

_KEYS = ("pk", "id")
_RANGES = ("gt", "gte", "lt", "lte", "range", "in")
_LOOKUPS = {"filter", "exclude", "get", "update", "create"}
_NAMES = {"values", "values_list", "only", "defer", "order_by"}


def limited(query: Query, name: str, node: ast.Call, evaluate: Evaluate) -> Query:
    """
    Return the queryset with a condition.

    One on the primary key is a slice of the rows, as loops over batches make them. Rows with or without a value, with zero, or on one
    side of a flag may be nearly all of them; of every other condition nobody knows, so it counts as one that leaves few.
    """
    limits = dataclasses.replace(query, filtered=True)
    if not node.args and not node.keywords:
        return query
    keywords = [keyword for argument in node.args for keyword in _keywords_of_q(argument)]
    if len(keywords) < len(node.args):
        return dataclasses.replace(limits, narrow=True)
    for keyword in (*keywords, *node.keywords):
        if keyword.arg is None:
            return dataclasses.replace(limits, narrow=True)
        if _is_range_of_keys(keyword.arg):
            limits = dataclasses.replace(limits, slice=True)
        elif keyword.arg in _KEYS and name == "filter":
            limits = dataclasses.replace(limits, single=True, narrow=True)
        elif not _leaves_many(keyword, evaluate):
            return dataclasses.replace(limits, narrow=True)
    return limits


def fields_named(method: str, node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """Yield the names that the arguments of a method of a queryset start with, with their nodes."""
    if method in _LOOKUPS:
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield _first(keyword.arg), keyword.value
        for argument in node.args:
            for keyword in _keywords_of_q(argument):
                if keyword.arg is not None:
                    yield _first(keyword.arg), keyword.value
    if method in _NAMES:
        for argument in node.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                name = argument.value.lstrip("-+")
                if name and name != "?":
                    yield _first(name), argument


def _first(path: str) -> str:
    return path.partition("__")[0]


def _is_range_of_keys(path: str) -> bool:
    field, _, lookup = path.partition("__")
    return field in _KEYS and lookup in _RANGES


def _leaves_many(keyword: ast.keyword, evaluate: Evaluate) -> bool:
    path = keyword.arg or ""
    if path.endswith("__isnull"):
        return True
    value = evaluate(keyword.value)
    return isinstance(value, Constant) and _is_common(value.value)


def _is_common(value: object) -> bool:
    """Whether a constant is what most rows of a table may have: nothing, zero, or one side of a flag."""
    return value is None or value == "" or isinstance(value, bool) or value == 0


def _keywords_of_q(node: ast.expr) -> list[ast.keyword]:
    """The keywords of ``Q(...)``, alone or negated; nothing for anything else."""
    if isinstance(node, ast.UnaryOp):
        return _keywords_of_q(node.operand)
    if isinstance(node, ast.Call) and not node.args:
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        return list(node.keywords) if name == "Q" else []
    if isinstance(node, ast.BinOp):
        left, right = _keywords_of_q(node.left), _keywords_of_q(node.right)
        return [*left, *right] if left and right else []
    return []
