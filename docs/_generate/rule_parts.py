"""The rules, out of their files; and the names of the other findings, out of the code that makes them."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import django_safe_migrate
from django_safe_migrate import conf
from django_safe_migrate.analysis.registry import all_rules
from finding_texts import TEXTS
from pages import table

if TYPE_CHECKING:
    from django_safe_migrate.analysis.rule import Rule

PACKAGE = Path(django_safe_migrate.__file__).parent
VENDORS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB and MySQL"}
PLANS = {
    frozenset({"forwards"}): "forwards",
    frozenset({"backwards"}): "backwards",
    frozenset({"forwards", "backwards"}): "in both directions",
}


def list_of_rules() -> str:
    """Return a table of all rules with their severity and their harm in one sentence."""
    return table(
        ("Rule", "Severity", "On", "Harm"),
        [(f"[`{rule.name}`](#{rule.name})", rule.severity.label, _vendors(rule), _harm(rule)) for rule in _rules()],
    )


def rules() -> str:
    """Return a section for each rule: the docstring of its file."""
    return "\n\n".join(_section(rule) for rule in _rules())


def other_findings(package: str) -> str:
    """Return a table of the findings that a package makes besides those of rules."""
    severities = found_in(package)
    missing = severities.keys() - TEXTS.keys()
    if missing:
        raise SystemExit(f"docs/_generate/finding_texts.py has no text for: {', '.join(sorted(missing))}")
    return table(
        ("Finding", "Severity", "Meaning"),
        [(f"`{name}`", " or ".join(severities[name]) or "depends", TEXTS[name]) for name in sorted(severities)],
    )


def found_in(package: str) -> dict[str, list[str]]:
    """Return the names of findings that the files of a package spell out, with the severities beside them."""
    found: dict[str, list[str]] = {}
    place = PACKAGE / package
    for file in [place.with_suffix(".py")] if place.with_suffix(".py").exists() else sorted(place.rglob("*.py")):
        for name, severities in _findings(ast.parse(file.read_text(encoding="utf-8"))):
            known = found.setdefault(name, [])
            known += [severity for severity in severities if severity not in known]
    return found


def _findings(tree: ast.AST) -> list[tuple[str, list[str]]]:
    found = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or _name(call.func) != "Finding":
            continue
        values = {keyword.arg: keyword.value for keyword in call.keywords}
        rule = values.get("rule")
        if isinstance(rule, ast.Constant):
            found.append((str(rule.value), _severities(values.get("severity"))))
    return found


def _severities(value: ast.AST | None) -> list[str]:
    """The severities that an expression names, such as ``ERROR if impossible else WARNING``."""
    if value is None:
        return []
    return [
        node.attr.lower()
        for node in ast.walk(value)
        if isinstance(node, ast.Attribute) and _name(node.value) == "Severity"
    ]


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _rules() -> tuple[Rule, ...]:
    return all_rules(conf.load())


def _section(rule: Rule) -> str:
    docstring = inspect.getdoc(importlib.import_module(rule.module)) or ""
    title, _, rest = docstring.partition("\n")
    body = re.sub(r"^## ", "#### ", rest.strip("\n"), flags=re.MULTILINE)
    about = f"Severity **{rule.severity.label}**; on {_vendors(rule)}; for plans {PLANS[rule.directions]}."
    return f"### `{rule.name}` {{#{rule.name}}}\n\n**{title}**\n\n{about}\n\n{body}"


def _harm(rule: Rule) -> str:
    docstring = inspect.getdoc(importlib.import_module(rule.module)) or ""
    return docstring.partition("\n\n")[0]


def _vendors(rule: Rule) -> str:
    if rule.vendors is None:
        return "all databases"
    return ", ".join(text for vendor, text in VENDORS.items() if vendor in rule.vendors)
