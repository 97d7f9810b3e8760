"""The rule engine; usable alone: ``analyse(plan, database, state, settings)`` returns findings."""

from __future__ import annotations

from django_safe_migrate.analysis.destruction import destroys_data
from django_safe_migrate.analysis.engine import Assessment, analyse, assess, rule_names
from django_safe_migrate.analysis.forecast import Forecast
from django_safe_migrate.analysis.rollback import Loss, RollbackOutlook, outlook, outlooks
from django_safe_migrate.analysis.rule import BACKWARDS, BOTH, FORWARDS, Rule

__all__ = [
    "BACKWARDS",
    "BOTH",
    "FORWARDS",
    "Assessment",
    "Forecast",
    "Loss",
    "RollbackOutlook",
    "Rule",
    "analyse",
    "assess",
    "destroys_data",
    "outlook",
    "outlooks",
    "rule_names",
]
