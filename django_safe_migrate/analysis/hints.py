"""Hints as code: operations written as a migration file has them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from django.db.migrations.writer import OperationWriter

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation


#: Django writes functions with their module; that of a migration begins with a digit and cannot be written so in its own file.
_OWN_FUNCTION = re.compile(r"\b(?:\w+\.)+\d\w*\.(\w+)\b")
_NOOP = "django.db.migrations.operations.special.RunPython.noop"


def code(operation: Operation, *, indent: int = 0, name: str = "") -> str:
    """Return an operation as source code; ``name`` is what it is called instead, such as ``AddIndexConcurrently``."""
    try:
        text, _ = OperationWriter(operation, indentation=0).serialize()
    except ValueError:  # a value that Django cannot write either, such as a lambda
        text = f"migrations.{type(operation).__name__}(...),"
    text = _OWN_FUNCTION.sub(r"\1", text).replace(_NOOP, "migrations.RunPython.noop")
    if name:
        text = f"{name}({text.partition('(')[2]}"
    return textwrap.indent(text, " " * indent)
