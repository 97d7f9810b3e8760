"""
A migration whose name is only a date says nothing about what it does.

## Why it matters

The name is what people read in the list of pending migrations, in the history and in the error at three in the morning. This rule is a
matter of style: it looks only where the settings give it a severity.

## Instead of

    0005_auto_20240101_1200.py

## Use

    python manage.py makemigrations shop --name order_total
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.third_party import is_third_party
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, about_rows=False, enabled=False)

_AUTOMATIC = re.compile(r"\d+_auto_\d{8}_\d{4}")


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Names as Django gives them when it finds no better one."""
    if _AUTOMATIC.fullmatch(context.planned.name) and not is_third_party(context.planned):
        yield rule.finding(
            context,
            f"The name of {context.planned.label} does not say what it does.",
            hint=f"makemigrations {context.app_label} --name <what it does>",
        )
