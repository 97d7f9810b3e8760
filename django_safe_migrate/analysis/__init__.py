"""The rule engine; usable alone: ``analyse(plan, database, state, settings)`` returns findings."""

from __future__ import annotations

from django_safe_migrate.analysis.destruction import destroys_data
from django_safe_migrate.analysis.engine import analyse, rule_names
from django_safe_migrate.analysis.rewriting import rewritten_tables
from django_safe_migrate.analysis.rollback import Loss, RollbackOutlook, outlook, outlooks
from django_safe_migrate.analysis.rule import BACKWARDS, BOTH, FORWARDS, Rule

__all__ = [
    "BACKWARDS",
    "BOTH",
    "FORWARDS",
    "Loss",
    "RollbackOutlook",
    "Rule",
    "analyse",
    "destroys_data",
    "outlook",
    "outlooks",
    "rewritten_tables",
    "rule_names",
]
