"""The names that ``--allow`` takes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from django.core.management.base import CommandError

from django_safe_migrate import checking
from django_safe_migrate.analysis.engine import rule_names

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings


def check_rules(names: list[str], settings: Settings) -> None:
    """Raise ``CommandError`` for a name that no finding can have: a misspelt one would allow nothing."""
    if not names:
        return
    known = allowable_rules(settings)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            suggestion = f" Did you mean {close[0]!r}?" if close else ""
            raise CommandError(
                f"--allow {name}: there is no such rule.{suggestion} Rules: {', '.join(sorted(known))}."
            )


def allowable_rules(settings: Settings) -> frozenset[str]:
    """Return the names of everything that can block a run or fail a check, and may be allowed."""
    # The stages of a run are imported only when somebody names a rule: a check has no use for them.
    from django_safe_migrate import environment
    from django_safe_migrate.stages import preflight

    return rule_names(settings) | environment.RULES | preflight.RULES | checking.RULES
