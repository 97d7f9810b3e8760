"""Looking at migrations without a run: those that are pending, all of them, or those changed since a commit; in CI and before a commit."""

from __future__ import annotations

from django_safe_migrate.checking.names import PROJECT_RULES, RULES

__all__ = ["PROJECT_RULES", "RULES"]
