"""Going back: what to unapply, and how to get past what cannot be undone when it has to be."""

from __future__ import annotations

from django_safe_migrate.rollback.planning import Wanted, counted, plan_rollback

__all__ = ["Wanted", "counted", "plan_rollback"]
