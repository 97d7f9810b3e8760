"""The line of an operation in the file of its migration."""

from __future__ import annotations

import ast
import functools

from django_safe_migrate.analysis.parsing import parsed


def operation_line(file: str, index: int) -> int:
    """Return the line where the operation at this place of ``operations = [...]`` starts, 0 when it cannot be told."""
    lines = _operation_lines(file) if file else ()
    return lines[index] if index < len(lines) else 0


@functools.lru_cache(maxsize=256)
def _operation_lines(file: str) -> tuple[int, ...]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            return _lines_of_list(node)
    return ()


def _lines_of_list(migration: ast.ClassDef) -> tuple[int, ...]:
    for statement in migration.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        named = any(
            isinstance(target, ast.Name) and target.id == "operations" for target in targets
        )
        if named and isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List):
            elements = statement.value.elts
            # An unpacked list shifts every index behind it.
            return (
                ()
                if any(isinstance(e, ast.Starred) for e in elements)
                else tuple(e.lineno for e in elements)
            )
    return ()
