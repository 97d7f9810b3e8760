"""What keeps the tree as it is meant to be: sizes, mirrors, names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_safe_migrate.databases import VENDORS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "django_safe_migrate"
TESTS = ROOT / "tests"
SOURCES = sorted(
    path for path in PACKAGE.rglob("*.py") if "migrations" not in path.relative_to(PACKAGE).parts
)
RULES = sorted(
    path for path in (PACKAGE / "analysis" / "rules").glob("*.py") if path.stem != "__init__"
)

FILE_CEILING = 300
FUNCTION_CEILING = 40
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "manager", "handler"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= FILE_CEILING, f"{_name(path)} has {lines} lines"
    long = {
        function.name: length
        for function in _functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_CEILING
    }
    assert long == {}, _name(path)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_module_says_why_it_exists(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), f"{_name(path)} has no docstring"
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_rule_is_documented_and_tested_both_ways(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    for heading in ("## Why it matters", "## Instead of", "## Use"):
        assert f"\n{heading}\n" in docstring, f"{path.stem} lacks {heading!r}"
    test = TESTS / "analysis" / "rules" / f"test_{path.stem}.py"
    assert test.is_file(), f"{path.stem} has no test"


def test_every_vendor_is_in_the_readme_and_has_a_test_server() -> None:
    readme = (ROOT / "README.md").read_text()
    products = {"postgresql": "PostgreSQL", "mysql": "MariaDB", "sqlite": "SQLite"}
    assert set(products) == set(VENDORS)
    for product in products.values():
        assert f"| {product} |" in readme


def test_nothing_names_this_workplace() -> None:
    pattern = re.compile(r"/work/|\bpypi\.org|registry\.npmjs|deb\.debian\.org", re.IGNORECASE)
    found = [
        f"{_name(path)}: {match[0]}"
        for folder in (
            "django_safe_migrate",
            "docs",
            "scripts",
            "benchmarks",
            "example_project",
            ".ci",
        )
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".yml", ".sh", ".txt", ""}
        if "var" not in path.parts and "__pycache__" not in path.parts
        for match in pattern.finditer(path.read_text(errors="ignore"))
    ]
    assert found == []


def test_no_message_was_left_without_its_f() -> None:
    """A literal brace around a name, in a string that is not formatted, is a forgotten ``f``."""
    forgotten = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        formatted = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
        }
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        forgotten += [
            f"{_name(path)}:{node.lineno}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in formatted | docstrings
            and re.search(r" \{[a-z_.]+\}|\{[a-z_.]+\} ", node.value)
            and ".format(" not in path.read_text()
        ]
    assert forgotten == []
