"""
Finding the rules: every module of ``analysis/rules``, those of the project that ``EXTRA_RULES`` names, and those of installed packages
that name them by an entry point of the group ``django_safe_migrate.rules``. There is no list.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate import conf
from django_safe_migrate.analysis.rule import Check, Rule, Subject

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings


#: The group of entry points by which an installed package brings rules.
ENTRY_POINTS = "django_safe_migrate.rules"


class RuleSet:
    """The rules that have something to say about plans of one direction on one vendor."""

    def __init__(self, rules: Iterable[Rule], vendor: str, direction: str) -> None:
        self.rules = tuple(rule for rule in rules if rule.applies_to(vendor, direction))
        self.names = frozenset(rule.name for rule in self.rules)
        self._checks = [check for rule in self.rules for check in rule.checks]
        self._wanted: dict[tuple[Subject, type], tuple[Check, ...]] = {}

    def checks(self, subject: Subject, kind: type) -> tuple[Check, ...]:
        """Return the checks of operations, or of changes, of a class; decided once per class."""
        key = (subject, kind)
        if key not in self._wanted:
            self._wanted[key] = tuple(
                c for c in self._checks if c.subject is subject and c.wants(kind)
            )
        return self._wanted[key]

    @property
    def migration_checks(self) -> Iterator[Check]:
        """The checks of migrations as a whole."""
        return (check for check in self._checks if check.subject is Subject.MIGRATION)


def all_rules(settings: Settings) -> tuple[Rule, ...]:
    """
    Return every rule, by name.

    Raises:
        ImproperlyConfigured: ``EXTRA_RULES`` or an entry point names a module that cannot be imported, has no rule, or has one whose name is taken.
    """
    rules = {rule.name: rule for rule in _own_rules()}
    paths = dict.fromkeys(settings.extra_rules, f'{conf.SETTING}["EXTRA_RULES"]')
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        paths.setdefault(point.value, f"The entry point {point.name!r} of {ENTRY_POINTS}")
    for path, source in paths.items():
        for rule in _rules_of(path, source):
            if rules.setdefault(rule.name, rule) is not rule:
                where = f"{rules[rule.name].module} and {rule.module}"
                raise _wrong(
                    path, source, f"has a rule with the name of another, {rule.name!r} (in {where})"
                )
    return tuple(rules[name] for name in sorted(rules))


@functools.cache
def _own_rules() -> tuple[Rule, ...]:
    return tuple(_rules_in(importlib.import_module("django_safe_migrate.analysis.rules")))


def _rules_of(path: str, source: str) -> list[Rule]:
    try:
        module = importlib.import_module(path)
    except ImportError as error:
        raise _wrong(path, source, f"cannot be imported ({error})") from error
    rules = list(_rules_in(module))
    if not rules:
        raise _wrong(
            path, source, "has no rule: neither it nor a module inside of it has a variable `rule`"
        )
    return rules


def _rules_in(module: ModuleType) -> Iterator[Rule]:
    """The rule of a module, and those of the modules in it when it is a package."""
    rule = getattr(module, "rule", None)
    if isinstance(rule, Rule):
        yield rule
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield from _rules_in(importlib.import_module(f"{module.__name__}.{found.name}"))


def _wrong(path: str, source: str, what: str) -> ImproperlyConfigured:
    accepts = conf.KEYS["EXTRA_RULES"].accepts
    return ImproperlyConfigured(f"{source} names {path!r}, which {what}; it must be {accepts}.")
