"""Going through rows: what an iterable gives, how much of a table that may be, and lists that are filled on the way."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.reading_python.uses import ModelName, RowsLoaded
from django_safe_migrate.analysis.reading_python.values import (
    Column,
    Many,
    Page,
    Pages,
    Plain,
    Query,
    Row,
    Value,
    merged,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis.reading_python.frame import Frame

#: Functions that cut an iterable into lists, by the names that they have in libraries and projects.
CHUNKERS = {
    "batched",
    "batch",
    "batch_qs",
    "batches",
    "chunk",
    "chunked",
    "chunks",
    "grouper",
    "ichunked",
    "in_batches",
    "queryset_in_batches",
    "sliced",
}
#: Methods that take items out of a list.
_EMPTYING = {"clear", "pop", "popleft", "popitem", "remove"}


def items(frame: Frame, value: Value, node: ast.AST, *, iterated: bool = True) -> Many:
    """Return what going through a value gives, and note when that loads every row."""
    if isinstance(value, Query):
        return _rows(frame, value, node, iterated)
    if isinstance(value, Many):
        return value
    if isinstance(value, Pages):
        return Many(Page(_page(frame, value)), large=True, batch=True)
    if isinstance(value, Page):
        return value.items
    return Many(None)


def page(frame: Frame, pages: Pages) -> Page:
    """Return one page of a paginator."""
    return Page(_page(frame, pages))


def item_of(query: Query) -> Value:
    """Return what one result of a queryset is."""
    if query.model is None:
        return None
    if query.flat:
        return Column(query.model, query.columns[0]) if len(query.columns) == 1 else None
    if query.plain:
        return Plain(query.model, query.columns)
    return Row(query.model, query.chosen_database)


def may_be_every_row(frame: Frame, query: Query) -> bool:
    """Whether a queryset may be as large as its table: as a whole, or as one of the slices that a loop takes."""
    if query.narrow or query.model is None:
        return False
    return not query.slice or bool(frame.loops)


def model_of(value: Value) -> ModelName | None:
    """Return the model of a row, or of what a list has."""
    if isinstance(value, Row | Plain | Column):
        return value.model
    if isinstance(value, Query):
        return value.model
    if isinstance(value, Many):
        return model_of(value.item)
    return model_of(value.items) if isinstance(value, Page) else None


def appended(frame: Frame, name: str, before: Many, item: Value) -> Many:
    """Return a list after an item was put into it here."""
    large, batch = before.large, before.batch
    if frame.own_loops:
        for loop in reversed(frame.loops[-frame.own_loops :]):
            if _starts_anew(loop.node, name):
                batch = True
                break
            large = large or loop.large
    batch = batch or _is_emptied(frame.source.node, name)
    return Many(item if before.item is None else merged(before.item, item), large, batch)


def added(frame: Frame, name: str, before: Value, value: Value, operator: ast.operator) -> Value:
    """Return a variable after ``+=`` or the like."""
    if isinstance(before, Many) and isinstance(value, Many) and isinstance(operator, ast.Add):
        found = appended(frame, name, before, value.item)
        return dataclasses.replace(found, large=found.large or value.large)
    return None


def _rows(frame: Frame, query: Query, node: ast.AST, iterated: bool) -> Many:
    large = may_be_every_row(frame, query)
    whole = large and not query.slice
    if whole and not (query.streamed or query.flat) and query.model is not None:
        frame.note(
            RowsLoaded,
            node,
            model=query.model,
            source=ast.unparse(node),
            iterated=iterated,
            filtered=query.filtered,
        )
    return Many(item_of(query), large, query.slice)


def _page(frame: Frame, pages: Pages) -> Many:
    if isinstance(pages.query, Query):
        return Many(item_of(pages.query), not pages.query.narrow, batch=True)
    return dataclasses.replace(pages.query, batch=True)


def _starts_anew(loop: ast.AST, name: str) -> bool:
    """Whether a loop assigns the variable in its body, so that the list does not grow all the while."""
    growing = {id(node.target) for node in ast.walk(loop) if isinstance(node, ast.AugAssign)}
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Store)
        and id(node) not in growing
        for node in ast.walk(loop)
    )


def _is_emptied(function: ast.AST, name: str) -> bool:
    """Whether a function, or one inside of it, takes items out of the list again."""
    return any(_empties(node, name) for node in ast.walk(function))


def _empties(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            return node.func.attr in _EMPTYING and _is_name(node.func.value, name)
        # A function that gets the list may empty it.
        return any(_is_name(argument, name) for argument in node.args) and not (
            isinstance(node.func, ast.Name)
            and node.func.id in ("len", "print", "bool", "set", "list", "sorted", "iter")
        )
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and isinstance(node.slice, ast.Slice)
        and _is_name(node.value, name)
    )


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
