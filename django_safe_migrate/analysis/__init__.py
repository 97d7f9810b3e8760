"""The rule engine; usable alone: ``analyse(plan, database, state, settings)`` returns findings."""

from __future__ import annotations

from django_safe_migrate.analysis.destruction import destroys_data
from django_safe_migrate.analysis.engine import analyse, rule_names
from django_safe_migrate.analysis.rewriting import rewritten_tables
from django_safe_migrate.analysis.rollback import Loss, RollbackOutlook, outlook
from django_safe_migrate.analysis.rule import BACKWARDS, BOTH, FORWARDS, Rule
from django_safe_migrate.analysis.states import advance_migration, starting_state

__all__ = [
    "BACKWARDS",
    "BOTH",
    "FORWARDS",
    "Loss",
    "RollbackOutlook",
    "Rule",
    "advance_migration",
    "analyse",
    "destroys_data",
    "outlook",
    "rewritten_tables",
    "rule_names",
    "starting_state",
]
