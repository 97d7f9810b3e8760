"""Columns and constraints as statements name them."""

from __future__ import annotations

import dataclasses
import enum


class Default(enum.StrEnum):
    """What fills a column that an INSERT does not name, by how often the database has to compute it."""

    NONE = "none"
    #: A literal.
    CONSTANT = "constant"
    #: An expression that always has the same value, such as ``1 + 1`` or ``lower('A')``.
    IMMUTABLE = "immutable"
    #: An expression with one value per statement or transaction, such as ``now()``.
    STABLE = "stable"
    #: An expression with a value per row, or one that cannot be told.
    VOLATILE = "volatile"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDefinition:
    """A column; ``check`` says that it comes with a CHECK constraint, ``references`` names the table of its foreign key."""

    name: str
    type: str = ""
    null: bool = True
    default: Default = Default.NONE
    #: ``stored``, ``virtual`` or empty.
    generated: str = ""
    #: Whether the server counts it up: serial, identity, AUTO_INCREMENT.
    identity: bool = False
    primary_key: bool = False
    unique: bool = False
    check: bool = False
    references: str = ""
    collation: str = ""


class ConstraintKind(enum.StrEnum):
    """The kinds of constraints."""

    CHECK = "check"
    EXCLUDE = "exclude"
    FOREIGN_KEY = "foreign key"
    NOT_NULL = "not null"
    PRIMARY_KEY = "primary key"
    UNIQUE = "unique"
    UNKNOWN = "unknown"
