"""Findings without a run, as ``migrate_check`` gives them: one document, and one file for each format that renders it."""

from __future__ import annotations

from django_safe_migrate.reports.findings.document import CheckedMigration, FindingsReport, RuleText

__all__ = ["FORMATS", "CheckedMigration", "FindingsReport", "RuleText", "render"]

#: The formats for programs and web pages, each a module beside this one; ``text`` is for people.
FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit", "markdown")


def render(report: FindingsReport, output: str) -> str:
    """Return the report in one of ``FORMATS``, ending with a newline unless there is nothing to say."""
    # Only the module of the format asked for: a pre-commit hook pays for imports each time.
    from importlib import import_module

    module = import_module(f"{__name__}.{'as_json' if output == 'json' else output}")
    return str(module.render(report))
