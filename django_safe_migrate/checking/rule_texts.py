"""Every rule in words, with the severity that it has now: for lists, and for reports that explain themselves."""

from __future__ import annotations

import importlib
import inspect
from importlib import metadata
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.registry import all_rules
from django_safe_migrate.analysis.severity import OFF
from django_safe_migrate.analysis.suppression import UNUSED, WITHOUT_REASON
from django_safe_migrate.checking.names import PROJECT_RULES
from django_safe_migrate.reports.findings import RuleText

if TYPE_CHECKING:
    from django_safe_migrate.analysis.rule import Rule
    from django_safe_migrate.conf import Settings

_PACKAGE = "django-safe-migrate"
_ABOUT_MARKERS = {
    UNUSED: "A marker on a migration allows a rule that finds nothing there.",
    WITHOUT_REASON: "A marker on a migration allows a rule and does not say why, so it has no effect.",
}


def rule_texts(settings: Settings) -> dict[str, RuleText]:
    """
    Return the text of everything that a check can find, by name and sorted.

    Raises:
        ImproperlyConfigured: ``EXTRA_RULES`` cannot be followed.
    """
    page = _page()
    texts = {rule.name: _of_rule(rule, settings, page) for rule in all_rules(settings)}
    others = {name: (severity.label, text) for name, (severity, text) in PROJECT_RULES.items()}
    others |= {name: ("warning", text) for name, text in _ABOUT_MARKERS.items()}
    for name, (severity, text) in others.items():
        now = settings.rules.get(name, severity)
        url = f"{page}#other-findings" if page else ""
        texts[name] = RuleText(name, now, text, directions=("forwards",), help=text, url=url)
    return dict(sorted(texts.items()))


def _of_rule(rule: Rule, settings: Settings, page: str) -> RuleText:
    docstring = inspect.getdoc(importlib.import_module(rule.module)) or rule.name
    summary, _, rest = docstring.partition("\n\n")
    default = rule.severity.label if rule.enabled else OFF
    is_ours = rule.module.startswith(f"{__package__.partition('.')[0]}.")
    return RuleText(
        name=rule.name,
        severity=settings.rules.get(rule.name, default),
        summary=" ".join(summary.split()),
        vendors=tuple(sorted(rule.vendors or ())),
        directions=tuple(sorted(rule.directions, reverse=True)),
        help=rest.strip() or " ".join(summary.split()),
        url=f"{page}#{rule.name}" if page and is_ours else "",
    )


def _page() -> str:
    """The address of the page of rules, out of the metadata of the installed package; empty when it has none."""
    try:
        urls = metadata.metadata(_PACKAGE).get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    by_name = dict(tuple(part.strip() for part in url.split(",", 1)) for url in urls if "," in url)
    address = by_name.get("Documentation", "")
    return f"{address.rstrip('/')}/rules/" if address else ""
