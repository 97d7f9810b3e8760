"""The syntax trees of source files; the same file is asked for by several rules in a row."""

from __future__ import annotations

import ast
import functools
from pathlib import Path


@functools.lru_cache(maxsize=32)
def parsed(file: str) -> ast.Module:
    """Return the tree of a file, an empty one of a file that is gone or cannot be parsed; nothing of it is executed."""
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])
