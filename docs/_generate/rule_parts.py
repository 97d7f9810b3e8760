"""The rules, out of their files; and the names of the other findings, out of the code that makes them."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from finding_texts import TEXTS
from pages import table

import django_safe_migrate
from django_safe_migrate import conf
from django_safe_migrate.analysis.registry import all_rules

if TYPE_CHECKING:
    from django_safe_migrate.analysis.rule import Rule

PACKAGE = Path(django_safe_migrate.__file__).parent
VENDORS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB and MySQL"}
PLANS = {
    frozenset({"forwards"}): "when a migration is applied",
    frozenset({"backwards"}): "when a migration is unapplied",
    frozenset({"forwards", "backwards"}): "when a migration is applied or unapplied",
}


def list_of_rules() -> str:
    """Return a table of all rules with their severity and their harm in one sentence."""
    return table(
        ("Rule", "Severity", "On", "Harm"),
        [
            (f"[`{rule.name}`](#{rule.name})", rule.severity.label, _vendors(rule), _harm(rule))
            for rule in _rules()
        ],
    )


def rules() -> str:
    """Return a section for each rule: the docstring of its file."""
    return "\n\n".join(_section(rule) for rule in _rules())


def other_findings(package: str) -> str:
    """Return a table of the findings that a package makes besides those of rules."""
    texts = TEXTS[package]
    found = found_in(package)
    if missing := found - texts.keys():
        raise SystemExit(f"docs/_generate/finding_texts.py lacks: {', '.join(sorted(missing))}")
    if surplus := {name for name in texts.keys() - found if name.removeprefix("new_") not in found}:
        raise SystemExit(
            f"docs/_generate/finding_texts.py has, and the code not: {', '.join(sorted(surplus))}"
        )
    return table(
        ("Finding", "Severity", "Meaning"),
        [(f"`{name}`", severity, text) for name, (severity, text) in sorted(texts.items())],
    )


def found_in(package: str) -> frozenset[str]:
    """Return the names of findings that a package lists in ``RULES``, or else those that its files spell out."""
    listed = getattr(importlib.import_module(f"{PACKAGE.name}.{package}"), "RULES", None)
    return frozenset(_spelled_out(package) if listed is None else listed)


def _spelled_out(package: str) -> set[str]:
    place = PACKAGE / package
    files = [place.with_suffix(".py")] if not place.is_dir() else sorted(place.rglob("*.py"))
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    takers = {
        node.name: [argument.arg for argument in node.args.args].index("rule")
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(a.arg == "rule" for a in node.args.args)
    }
    return {name for tree in trees for node in ast.walk(tree) for name in _names(node, takers)}


def _names(node: ast.AST, takers: dict[str, int]) -> list[str]:
    """Return the texts that a piece of code gives to something called ``rule``."""
    values: list[ast.expr] = []
    if isinstance(node, ast.Call):
        values += [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
        place = takers.get(node.func.id) if isinstance(node.func, ast.Name) else None
        values += node.args[place : place + 1] if place is not None else []
    if isinstance(node, ast.Assign):
        pairs = zip(_spread(node.targets[0]), _spread(node.value), strict=False)
        values += [v for target, v in pairs if isinstance(target, ast.Name) and target.id == "rule"]
    return [
        one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _spread(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _rules() -> tuple[Rule, ...]:
    return all_rules(conf.load())


def _section(rule: Rule) -> str:
    docstring = inspect.getdoc(importlib.import_module(rule.module)) or ""
    title, _, rest = docstring.partition("\n")
    body = re.sub(r"^## ", "#### ", rest.strip("\n"), flags=re.MULTILINE)
    about = f"Severity **{rule.severity.label}**; on {_vendors(rule)}; {PLANS[rule.directions]}."
    return f"### `{rule.name}` {{#{rule.name}}}\n\n**{title}**\n\n{about}\n\n{body}"


def _harm(rule: Rule) -> str:
    docstring = inspect.getdoc(importlib.import_module(rule.module)) or ""
    return docstring.partition("\n\n")[0]


def _vendors(rule: Rule) -> str:
    if rule.vendors is None:
        return "all databases"
    return ", ".join(text for vendor, text in VENDORS.items() if vendor in rule.vendors)
