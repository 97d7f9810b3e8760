"""Texts that are put together: which values of rows end up in them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from django_safe_migrate.analysis.reading_python.values import (
    Column,
    Composed,
    Constant,
    Evaluate,
    Many,
    Value,
    merged,
)


def composed(node: ast.JoinedStr | ast.BinOp, evaluate: Evaluate) -> Value:
    """Return what is known about an f-string, or about ``+`` and ``%`` where one side is a text."""
    if isinstance(node, ast.JoinedStr):
        return together(
            evaluate(part.value) for part in node.values if isinstance(part, ast.FormattedValue)
        )
    left = evaluate(node.left)
    if isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Tuple):
        right = [evaluate(one) for one in node.right.elts]
    else:
        right = [evaluate(node.right)]
    if isinstance(left, Many) and isinstance(right[0], Many):
        return Many(
            merged(left.item, right[0].item),
            left.large or right[0].large,
            left.batch or right[0].batch,
        )
    is_text = isinstance(node.op, ast.Add | ast.Mod) and any(map(_is_text, (left, *right)))
    return together((left, *right)) if is_text else None


def together(values: Iterable[Value]) -> Value:
    """Return the text made of these values, as far as rows are in it."""
    columns = tuple(dict.fromkeys(column for value in values for column in _columns(value)))
    return Composed(columns)


def _is_text(value: Value) -> bool:
    return isinstance(value, Composed) or (
        isinstance(value, Constant) and isinstance(value.value, str)
    )


def _columns(value: Value) -> Iterator[Column]:
    if isinstance(value, Column):
        yield value
    elif isinstance(value, Composed):
        yield from value.columns
