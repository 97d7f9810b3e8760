"""A statement in both forms."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.statements import Action, AlterTable, Statement


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One statement; reading ``text`` gives ``statement``."""

    text: str
    statement: Statement
    #: The first major version that knows it.
    since: int = 0
    #: The code of the error that older ones answer with; a syntax error where nothing else is said.
    before: str = "42601"
    #: The code of the error that the server answers with, instead of carrying it out.
    refused: str = ""
    timezone: str = "UTC"
    #: What others do meanwhile, one after the other, so that a statement outside of a transaction waits while it is looked at.
    holding: tuple[str, ...] = ()
    #: Whether the prediction may be worse than what happens, and says so in ``unknown``.
    cautious: bool = False

    @property
    def id(self) -> str:
        """How test runs call it."""
        zone = "" if self.timezone == "UTC" else f" in {self.timezone}"
        return " ".join(self.text.split()) + zone


def alter(table: str, *actions: Action, only: bool = False) -> AlterTable:
    """An ALTER TABLE."""
    return AlterTable(table=table, actions=actions, only=only)
