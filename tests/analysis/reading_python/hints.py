"""Hints are code to paste: this makes a function of a migration of them, in a file of its own."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FUNCTION = """\
import itertools


def from_hint(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Customer = apps.get_model("shop", "Customer")
{body}
"""


def function_of(hint: str, folder: Path) -> Callable[..., Any]:
    """Return a function whose body is the code of a hint, which stands below an empty line."""
    code = hint.partition("\n\n")[2] or hint
    path = folder / "from_hint.py"
    path.write_text(_FUNCTION.format(body=textwrap.indent(code, "    ")))
    spec = importlib.util.spec_from_file_location("from_hint", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., Any] = module.from_hint
    return function
