"""What a migration's file says, as a digest that stays the same when only its form changes."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Attributes of a migration by this prefix are markers for us: they change nothing in a database.
_MARKERS = "safe_migrate_"
#: Fields of the syntax tree that say nothing of what the code does.
_FORM = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def digest(path: str) -> str:
    """
    Return the SHA-256 of what the file of a migration does; empty for a file that cannot be read or is no Python.

    Comments, docstrings, layout, quotes and our own markers do not count. It is made from the syntax tree and not from
    ``ast.dump``, which writes the same tree differently in Python 3.13.
    """
    try:
        tree = ast.parse(Path(path).read_bytes()) if path else None
    except (OSError, SyntaxError, ValueError):
        return ""
    return "" if tree is None else hashlib.sha256(repr(_plain(tree)).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value as nested tuples of names and constants."""
    if isinstance(value, ast.AST):
        return (type(value).__name__, *_fields(value))
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    for name, value in ast.iter_fields(node):
        kept = (
            [one for one in value if not _is_silent(one)]
            if name == "body" and isinstance(value, list)
            else value
        )
        # A field that another version of Python has as well, with nothing in it, is left out.
        if name not in _FORM and kept not in (None, []):
            yield name, _plain(kept)


def _is_silent(statement: ast.AST) -> bool:
    """Whether a statement does nothing: a docstring or another bare constant, or a marker of ours."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return bool(targets) and all(
        isinstance(target, ast.Name) and target.id.startswith(_MARKERS) for target in targets
    )
