"""What the fact book knows: the server's version, and what the catalogue says, with the cautious reading of its silence."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.facts import (
    Catalogue,
    ConstraintDefinition,
    IndexDefinition,
)
from django_safe_migrate.databases.statements import ConstraintKind

#: The oldest version that Django supports, which is the cautious assumption.
OLDEST = (14,)


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """The version of the server and its tables."""

    version: tuple[int, ...]
    catalogue: Catalogue

    def since(self, major: int) -> bool:
        """Whether the server is at least of this major version."""
        return (self.version or OLDEST)[0] >= major

    def family(self, table: str) -> tuple[str, ...]:
        """
        A table and its partitions, or the tables that inherit from it.

        Where the catalogue is silent there are none: every statement on every table would be uncertain otherwise.
        """
        return (table, *(self.catalogue.partitions(table) or ()))

    def with_rows(self, *tables: str) -> tuple[str, ...]:
        """Those tables that hold rows themselves, which partitioned ones do not."""
        return tuple(table for table in tables if self.catalogue.kind(table) != "partitioned")

    def constraint(self, table: str, name: str) -> ConstraintDefinition | None:
        """A constraint by its name."""
        constraints = self.catalogue.constraints(table) or ()
        return next((known for known in constraints if known.name == name), None)

    def index(self, table: str, name: str) -> IndexDefinition | None:
        """An index by its name."""
        indexes = self.catalogue.indexes(table) or ()
        return next((known for known in indexes if known.name == name), None)

    def foreign_keys(self, table: str) -> tuple[ConstraintDefinition, ...] | None:
        """The foreign keys of a table, None when they are not known."""
        constraints = self.catalogue.constraints(table)
        if constraints is None:
            return None
        return tuple(key for key in constraints if key.kind is ConstraintKind.FOREIGN_KEY)

    def keys_to(self, table: str) -> tuple[tuple[str, ConstraintDefinition], ...] | None:
        """The foreign keys of other tables to this one, each with its table; None when they are not known."""
        referencing = self.catalogue.referencing(table)
        if referencing is None:
            return None
        return tuple(
            (other, key)
            for other in referencing
            for key in self.foreign_keys(other) or ()
            if key.references == table
        )

    def holds_no_null(self, table: str, column: str) -> bool:
        """Whether it is certain, without reading the table, that no row has NULL in a column."""
        known = self.catalogue.column(table, column)
        if known is not None and not known.null:
            return True
        return any(
            column in proof.not_null and proof.validated
            for proof in self.catalogue.constraints(table) or ()
        )
