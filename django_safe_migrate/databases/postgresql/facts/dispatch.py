"""Where each kind of statement, and each action of ALTER TABLE, finds what it does; the families register themselves here."""

from __future__ import annotations

import dataclasses
import functools

from django_safe_migrate.databases.postgresql.facts.effects import Effects, worst
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.statements import Action, Statement


@dataclasses.dataclass(frozen=True, slots=True)
class Altered:
    """The table of an ALTER TABLE; ``family`` has its partitions too, unless the statement says ONLY."""

    table: str
    family: tuple[str, ...]
    known: Known


@functools.singledispatch
def statement_effects(statement: Statement, known: Known) -> Effects:
    """Return what a statement does."""
    return worst(reason=f"PostgreSQL's fact book has nothing about {type(statement).__name__}.")


@functools.singledispatch
def action_effects(action: Action, altered: Altered) -> Effects:
    """Return what one action of ALTER TABLE does."""
    return worst(*altered.family, reason=f"PostgreSQL has no action {type(action).__name__}.")
