"""Hints as code: operations written as a migration file has them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from django.db.migrations.writer import OperationWriter

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation


def code(operation: Operation, *, indent: int = 0, name: str = "") -> str:
    """Return an operation as source code; ``name`` is what it is called instead, such as ``AddIndexConcurrently``."""
    try:
        text, _ = OperationWriter(operation, indentation=0).serialize()
    except ValueError:  # a value that Django cannot write either, such as a lambda
        text = f"migrations.{type(operation).__name__}(...),"
    if name:
        text = f"{name}({text.partition('(')[2]}"
    return textwrap.indent(text, " " * indent)
