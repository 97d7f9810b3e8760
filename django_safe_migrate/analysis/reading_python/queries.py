"""Reading the methods of managers, querysets and rows: which rows they are about, and what they do to them."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping
from typing import Any

from django_safe_migrate.analysis.reading_python import conditions, iteration
from django_safe_migrate.analysis.reading_python.frame import Frame
from django_safe_migrate.analysis.reading_python.uses import (
    DatabaseChosen,
    FieldNamed,
    TodaysModelUsed,
    Written,
)
from django_safe_migrate.analysis.reading_python.values import (
    Constant,
    Evaluate,
    Many,
    Query,
    Row,
    Value,
)

#: Methods that give another queryset of the same rows.
_SAME_ROWS = {
    "all",
    "order_by",
    "reverse",
    "select_related",
    "prefetch_related",
    "select_for_update",
    "only",
    "defer",
    "annotate",
    "alias",
    "using",
    "db_manager",
    "get_queryset",
    "iterator",
    "values",
    "values_list",
    "distinct",
}
_ONE_ROW = {
    "get",
    "first",
    "last",
    "earliest",
    "latest",
    "create",
    "get_or_create",
    "update_or_create",
}
_PER_ROW = {"create", "get_or_create", "update_or_create", "update", "delete", "_raw_delete"}
_WHOLE = {"update", "delete", "_raw_delete"}
_BULK = {"bulk_create": 1, "bulk_update": 2}
_NO_RESULT = {"count", "exists", "aggregate", "in_bulk", "explain", "contains", "none"}
Keywords = Mapping[str, Value]


def call(
    frame: Frame,
    query: Query,
    name: str,
    node: ast.Call,
    arguments: list[Value],
    keywords: Keywords,
    evaluate: Evaluate,
) -> Value:
    """Return what a method of a manager or queryset gives, and note what it does."""
    if query.model is not None:
        if not query.model.historical:
            frame.note(TodaysModelUsed, node, model=query.model, method=name)
        _name_fields(frame, query, name, node)
        _write(frame, query, name, node, arguments, keywords)
    if name in _SAME_ROWS:
        return _same_rows(frame, query, name, node, arguments, keywords)
    if name in ("filter", "exclude"):
        return conditions.limited(query, name, node, evaluate)
    if name in _ONE_ROW and query.model is not None:
        return None if query.plain else Row(query.model, query.chosen_database)
    if name == "bulk_create":
        return arguments[0] if arguments and isinstance(arguments[0], Many) else None
    if name in _NO_RESULT or name in _WHOLE or name in _BULK:
        return None
    return query.unsure()


def call_row(frame: Frame, row: Row, name: str, node: ast.Call, keywords: Keywords) -> Value:
    """Note what a method of a row does."""
    if name in ("save", "delete"):
        loop = frame.large_loop
        frame.note(
            Written,
            node,
            model=row.model,
            method=name,
            source=_owner(node),
            per_row=loop is not None,
            loop=None if loop is None else loop.of_rows,
            repeated=frame.is_repeated,
            chosen_database=row.chosen_database or "using" in keywords,
        )
    return None


def _same_rows(
    frame: Frame,
    query: Query,
    name: str,
    node: ast.Call,
    arguments: list[Value],
    keywords: Keywords,
) -> Query:
    if name in ("using", "db_manager"):
        frame.note(DatabaseChosen, node)
        return dataclasses.replace(query, chosen_database=True)
    if name == "iterator":
        return dataclasses.replace(query, streamed=True)
    if name in ("annotate", "alias"):
        # One line per group after values(), and names of their own for aggregates without a keyword.
        grouped = query.plain and name == "annotate"
        made = query.made | frozenset(keywords)
        known = query.known and not arguments and "**" not in keywords
        return dataclasses.replace(query, made=made, known=known, narrow=query.narrow or grouped)
    if name in ("values", "values_list"):
        columns = _texts(arguments)
        flat = keywords.get("flat") == Constant(True)
        made = query.made | (frozenset(keywords) - {"flat", "named"})
        return dataclasses.replace(query, plain=True, flat=flat, columns=columns, made=made)
    if name == "distinct":
        return dataclasses.replace(query, narrow=query.narrow or query.plain or bool(arguments))
    return query


def _write(
    frame: Frame,
    query: Query,
    name: str,
    node: ast.Call,
    arguments: list[Value],
    keywords: Keywords,
) -> None:
    if name not in _PER_ROW and name not in _BULK:
        return
    loop = frame.large_loop
    per_row = name in _PER_ROW and loop is not None and _is_of_one_row(query, name, loop.of_rows)
    frame.note(
        Written,
        node,
        model=query.model,
        method=name,
        source=_owner(node),
        arguments=", ".join(ast.unparse(one) for one in (*node.args, *node.keywords)),
        names=tuple(one.arg for one in node.keywords if one.arg is not None),
        whole_table=name in _WHOLE and not (query.filtered or query.slice or query.narrow),
        per_row=per_row,
        unbatched=name in _BULK and _is_unbatched(frame, name, arguments, keywords),
        chosen_database=query.chosen_database,
        loop=loop.of_rows if loop is not None and per_row else None,
        repeated=frame.is_repeated,
    )


def _is_of_one_row(query: Query, name: str, of_rows: Any) -> bool:
    """In a loop over rows; an update of all the rows that belong to one of another table is a batch."""
    return of_rows is not None and (name not in _WHOLE or query.single)


def _is_unbatched(frame: Frame, name: str, arguments: list[Value], keywords: Keywords) -> bool:
    if "batch_size" in keywords or "**" in keywords or len(arguments) > _BULK[name]:
        return False
    rows = arguments[0] if arguments else keywords.get("objs")
    if isinstance(rows, Many):
        return rows.large and not rows.batch
    return isinstance(rows, Query) and not rows.slice and iteration.may_be_every_row(frame, rows)


def _name_fields(frame: Frame, query: Query, name: str, node: ast.Call) -> None:
    if query.model is None or not (query.known and query.model.historical):
        return
    for field, where in conditions.fields_named(name, node):
        frame.note(
            FieldNamed,
            where,
            model=query.model,
            method=name,
            name=field,
            known=query.made,
            sure=frame.is_sure,
        )


def _owner(node: ast.Call) -> str:
    return ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""


def _texts(values: list[Value]) -> tuple[str, ...]:
    found = [
        one.value for one in values if isinstance(one, Constant) and isinstance(one.value, str)
    ]
    return tuple(found) if len(found) == len(values) else ()
