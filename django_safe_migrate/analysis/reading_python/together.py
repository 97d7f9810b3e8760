"""
A loop that writes row by row, written so that many rows are written with one statement.

Only what surely does the same is rewritten: the loop keeps its body, and in the place of the write the row is kept for a while. Where
more than the text of the loop decides what is written (other functions, ``return``, ``try``, rows that are handed on), nothing is.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import textwrap
from collections.abc import Callable, Collection, Sequence

from django_safe_migrate.analysis.reading_python.uses import Written

SIZE = 2000
#: What makes another order of the writes another result, or passes over the last of them.
_STOPPERS = (
    ast.Return,
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.Yield,
    ast.YieldFrom,
    ast.FunctionDef,
    ast.Lambda,
)
_KEYS = {"pk", "id"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Write:
    """What is kept of each row, and the statement that writes those kept."""

    kept: str
    statement: str


def together(use: Written, *, filled_on_save: Collection[str] = (), inherits: bool = False) -> str:
    """
    Return the loop around a write with one statement for many rows, empty where that is not surely the same.

    Args:
        use: that its loop does for each row.
        filled_on_save: the fields of the model that ``save()`` fills by itself, as ``auto_now`` has it.
        inherits: whether the model's rows are kept in several tables, for which there is no ``bulk_create()``.
    """
    loop = use.loop.node if use.loop is not None else None
    if (
        use.loop is None
        or not isinstance(loop, ast.For)
        or loop.orelse
        or use.loop.target == "rows"
    ):
        return ""
    found = _statement(loop, use)
    if found is None or _is_decided_elsewhere(loop, found) or "rows" in _names(loop):
        return ""
    write = _write(use, loop, found, filled_on_save, inherits)
    return "" if write is None else _text(loop, found, write, use.loop.source)


def _statement(loop: ast.For, use: Written) -> ast.Expr | None:
    """The write, if its result is not used and it is the only one of the loop."""
    own = [
        node
        for node in ast.walk(loop)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == use.method
    ]
    return own[0] if len(own) == 1 and own[0].value.lineno == use.line else None


def _is_decided_elsewhere(loop: ast.For, write: ast.Expr) -> bool:
    nodes = [node for statement in loop.body for node in ast.walk(statement)]
    inside = {id(node) for node in ast.walk(write)}
    return any(
        isinstance(node, _STOPPERS)
        or (
            isinstance(node, ast.For | ast.While)
            and any(id(one) in inside for one in ast.walk(node))
        )
        # A query sees what was written before it.
        or (isinstance(node, ast.Attribute) and node.attr == "objects" and id(node) not in inside)
        for node in nodes
    )


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


# --- what is kept, and what writes it -------------------------------------------------------------------------------------------


def _write(
    use: Written,
    loop: ast.For,
    found: ast.Expr,
    filled_on_save: Collection[str],
    inherits: bool,
) -> _Write | None:
    call = found.value
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)  # noqa: S101, PT018 - so it was found
    target = use.loop.target if use.loop is not None and use.loop.target.isidentifier() else ""
    on = call.func.value
    if use.method == "create":
        return None if inherits else _created(call, on)
    if not target or use.loop is None or use.model != use.loop.model:
        new = isinstance(on, ast.Name) and use.method == "save" and not inherits and not call.args
        return _new_row(loop, on) if new and not call.keywords else None
    if use.method == "delete" and _is_name(on, target) and not (call.args or call.keywords):
        manager = _manager(use)
        return _Write(f"{target}.pk", f"{manager}.filter(pk__in=rows).delete()")
    if use.method == "save" and _is_name(on, target):
        return _saved(use, loop, call, target, filled_on_save)
    return _updated(use, call, on, target) if use.method == "update" else None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _manager(use: Written) -> str:
    using = ".using(schema_editor.connection.alias)" if use.chosen_database else ""
    return f"{use.model.name}.objects{using}"


def _created(call: ast.Call, on: ast.expr) -> _Write | None:
    """``Model.objects.create(...)``; of a related manager the relation would have to be given."""
    root = on
    while isinstance(root, ast.Attribute | ast.Call):
        root = root.value if isinstance(root, ast.Attribute) else root.func
    is_plain = isinstance(root, ast.Name) and ast.unparse(on).startswith(f"{root.id}.objects")
    if not is_plain or not isinstance(root, ast.Name) or call.args:
        return None
    arguments = ", ".join(ast.unparse(one) for one in call.keywords)
    return _Write(
        f"{root.id}({arguments})", f"{ast.unparse(on)}.bulk_create(rows, batch_size={SIZE})"
    )


def _new_row(loop: ast.For, on: ast.expr) -> _Write | None:
    """``row = Model(...)`` in the same loop, and then ``row.save()``."""
    name = ast.unparse(on)
    made = [
        node.value.func.id
        for node in ast.walk(loop)
        if isinstance(node, ast.Assign)
        and [ast.unparse(one) for one in node.targets] == [name]
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    ]
    if len(made) != 1:
        return None
    return _Write(name, f"{made[0]}.objects.bulk_create(rows, batch_size={SIZE})")


def _saved(
    use: Written, loop: ast.For, call: ast.Call, target: str, filled_on_save: Collection[str]
) -> _Write | None:
    """``save()`` writes every field, of which only those that the loop has set are other than before."""
    fields = _set_fields(loop, call, target)
    named = [one for one in call.keywords if one.arg == "update_fields"]
    if call.args or len(named) != len(call.keywords):
        return None
    if named:
        fields = _constants(named[0].value)
    elif filled_on_save:
        return None
    if not fields or not set(filled_on_save).isdisjoint(fields):
        return None
    return _Write(target, _bulk_update(_manager(use), fields))


def _set_fields(loop: ast.For, call: ast.Call, target: str) -> list[str]:
    """The attributes that the loop sets on its row; none where the row is handed on, for others can set more."""
    parts = [node for statement in loop.body for node in ast.walk(statement)]
    used = {id(node.value) for node in parts if isinstance(node, ast.Attribute)}
    if any(_is_name(node, target) and id(node) not in used for node in parts):
        return []
    stored = (
        node.attr
        for node in ast.walk(loop)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and _is_name(node.value, target)
    )
    return list(dict.fromkeys(stored))


def _constants(node: ast.expr) -> list[str]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []
    values = [one.value for one in items if isinstance(one, ast.Constant)]
    found = [value for value in values if isinstance(value, str)]
    return found if len(found) == len(items) else []


def _updated(use: Written, call: ast.Call, on: ast.expr, target: str) -> _Write | None:
    """``filter(pk=row.pk).update(...)``."""
    is_filter = (
        isinstance(on, ast.Call) and isinstance(on.func, ast.Attribute) and on.func.attr == "filter"
    )
    if (
        not is_filter
        or not isinstance(on, ast.Call)
        or on.args
        or len(on.keywords) != 1
        or call.args
    ):
        return None
    (key,) = on.keywords
    if key.arg not in _KEYS or ast.unparse(key.value) not in {f"{target}.{name}" for name in _KEYS}:
        return None
    arguments = ", ".join(ast.unparse(one) for one in call.keywords)
    names = [one.arg for one in call.keywords if one.arg is not None]
    if len(names) != len(call.keywords) or not names:
        return None
    return _Write(
        f"{use.model.name}(pk={ast.unparse(key.value)}, {arguments})",
        _bulk_update(_manager(use), names),
    )


def _bulk_update(manager: str, names: Sequence[str]) -> str:
    fields = ", ".join(f'"{name}"' for name in names)
    return f"{manager}.bulk_update(rows, [{fields}], batch_size={SIZE})"


# --- the text -------------------------------------------------------------------------------------------------------------------


class _Replacing(ast.NodeTransformer):
    """Puts other statements into the place of one."""

    def __init__(self, found: Callable[[ast.AST], bool], lines: str) -> None:
        self._found = found
        self._lines = lines

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:  # noqa: N802 - the name that ast calls
        return ast.parse(self._lines).body if self._found(node) else self.generic_visit(node)


def _text(loop: ast.For, found: ast.Expr, write: _Write, source: str) -> str:
    lines = textwrap.dedent(
        f"""\
        rows.append({write.kept})
        if len(rows) == {SIZE}:
            {write.statement}
            rows.clear()
        """
    )
    place = (found.lineno, found.col_offset)
    rewritten = _Replacing(
        lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)) == place, lines
    ).visit(copy.deepcopy(loop))
    assert isinstance(rewritten, ast.For)  # noqa: S101 - it is the loop itself, with another body
    rewritten.iter = _streamed(rewritten.iter, source)
    text = ast.unparse(ast.fix_missing_locations(rewritten))
    return f"rows = []\n{_with_double_quotes(text, write.statement)}\n{write.statement}"


class _Streaming(ast.NodeTransformer):
    """Fetches a queryset in portions that would be loaded as a whole."""

    def __init__(self, source: str) -> None:
        self._source = source

    def visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.expr) or ast.unparse(node) != self._source:
            return self.generic_visit(node)
        return ast.parse(f"{self._source}.iterator(chunk_size={SIZE})", mode="eval").body


def _streamed(iterable: ast.expr, source: str) -> ast.expr:
    is_whole = ".objects" in source and ".iterator(" not in source and not source.endswith("]")
    if not is_whole:
        return iterable
    streamed = _Streaming(source).visit(iterable)
    return streamed if isinstance(streamed, ast.expr) else iterable


def _with_double_quotes(text: str, statement: str) -> str:
    """The statement as it is written here; ``ast`` has quotes of its own."""
    return text.replace(ast.unparse(ast.parse(statement)), statement)
