"""Statements of every kind, as text and taken apart, for the tables of ``schema.sql``."""

from __future__ import annotations

from tests.databases.postgresql.facts.cases import (
    columns,
    constraints,
    indexes,
    objects,
    partitions,
    rows,
    tables,
    types,
)
from tests.databases.postgresql.facts.cases.case import Case

ALL: tuple[Case, ...] = (
    *columns.CASES,
    *constraints.CASES,
    *types.CASES,
    *indexes.CASES,
    *tables.CASES,
    *partitions.CASES,
    *rows.CASES,
    *objects.CASES,
)
