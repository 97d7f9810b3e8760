"""Statements as text and taken apart; reading the text gives the statement."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.statements import Action, AlterTable, Statement


@dataclasses.dataclass(frozen=True)
class Case:
    """One statement in both forms."""

    text: str
    statement: Statement
    #: The same for a server that takes no ALGORITHM= with this statement.
    asked: str = ""

    @property
    def name(self) -> str:
        """What pytest calls it."""
        return self.text


def alter(table: str, text: str, *actions: Action) -> Case:
    """Return the case of an ALTER TABLE."""
    return Case(f"ALTER TABLE {table} {text}", AlterTable(table=table, actions=actions))
