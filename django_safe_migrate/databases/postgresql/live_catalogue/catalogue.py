"""Answers about the tables of a live PostgreSQL database."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable
from typing import Any, TypeVar

from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.facts import (
    Catalogue,
    ConstraintDefinition,
    DomainDefinition,
    IndexDefinition,
)
from django_safe_migrate.databases.postgresql.live_catalogue import queries
from django_safe_migrate.databases.postgresql.live_catalogue.proofs import proven_not_null
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind, Default

_KINDS = {
    "r": "table",
    "p": "partitioned",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
}
_CONSTRAINTS = {
    "c": ConstraintKind.CHECK,
    "f": ConstraintKind.FOREIGN_KEY,
    "n": ConstraintKind.NOT_NULL,
    "p": ConstraintKind.PRIMARY_KEY,
    "u": ConstraintKind.UNIQUE,
    "x": ConstraintKind.EXCLUDE,
}
_GENERATED = {"": "", "s": "stored", "v": "virtual"}
_LITERAL = re.compile(r"(?:'(?:[^']|'')*'|-?[\d.]+|true|false|NULL)(?:::[\w\s\".()\[\]]+)?")

Found = TypeVar("Found")


@dataclasses.dataclass(frozen=True, slots=True)
class _Relation:
    oid: int
    #: As the search path shows it, with its schema where it does not.
    name: str
    kind: str
    #: The tables that it inherits from, or the one that it is a partition of.
    parents: tuple[int, ...]
    is_partition: bool
    is_default: bool


class PostgreSQLCatalogue(Catalogue):
    """
    What PostgreSQL's own catalogue says, as seen by one connection.

    Tables, views and foreign keys are listed once; columns, indexes and constraints are asked for when a table is first named. What
    changes later is not seen: make another one. Names are those that the search path shows, or ``schema.table``.

    Args:
        database: that is asked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[tuple[Any, ...], Any] = {}

    # --- tables -------------------------------------------------------------------------------------------------------------

    def exists(self, table: str) -> bool | None:
        """Whether there is such a table or view; None for the whole database, which no name stands for."""
        return table in self._by_name if table else None

    def kind(self, table: str) -> str | None:
        """``table``, ``partitioned``, ``view``, ``materialized view`` or ``foreign table``; None without such a table."""
        relation = self._by_name.get(table)
        return None if relation is None else _KINDS[relation.kind]

    def partitions(self, table: str) -> tuple[str, ...] | None:
        """The partitions of a table, and the tables that inherit from it, at any depth."""
        found: list[int] = []
        todo = [self._oid(table)]
        while todo:
            children = [child for child in self._children.get(todo.pop(), ()) if child not in found]
            found += children
            todo += children
        return self._names(found)

    def partition_of(self, table: str) -> str | None:
        """The table that this one is a partition of, empty when it is none."""
        relation = self._by_name.get(table)
        if relation is None or not relation.is_partition:
            return ""
        return self._relations[relation.parents[0]].name

    def default_partition(self, table: str) -> str | None:
        """The partition for rows that fit no other one, empty without one."""
        children = (self._relations[oid] for oid in self._children.get(self._oid(table), ()))
        return next((child.name for child in children if child.is_default), "")

    # --- what a table has ---------------------------------------------------------------------------------------------------

    def column(self, table: str, name: str) -> ColumnDefinition | None:
        """A column as it is now."""
        return self._columns(table).get(name)

    def indexes(self, table: str) -> tuple[IndexDefinition, ...] | None:
        """The indexes of a table, None without such a table."""
        return self._of_table("indexes", table, queries.INDEXES, _index)

    def index_table(self, index: str) -> str | None:
        """The table that an index belongs to, empty when there is no such index."""
        rows = self._ask(queries.INDEX_TABLE, _as_name(index))
        return next(iter(self._names(oid for (oid,) in rows)), "")

    def constraints(self, table: str) -> tuple[ConstraintDefinition, ...] | None:
        """The constraints of a table, None without such a table."""
        return self._of_table("constraints", table, queries.CONSTRAINTS, self._constraint)

    # --- what else is concerned ---------------------------------------------------------------------------------------------

    def referencing(self, table: str) -> tuple[str, ...] | None:
        """Other tables with a foreign key to this one."""
        wanted = self._oid(table)
        keys = self._ask(queries.REFERENCES)
        return self._names(child for child, parent in keys if parent == wanted)

    def dependants(self, table: str, column: str = "") -> tuple[str, ...] | None:
        """Views and materialised views that read a table or a column of it, and those that read them."""
        rows = self._ask(queries.DEPENDANTS, self._oid(table), column, column)
        return self._names(oid for (oid,) in rows)

    def domain(self, type: str) -> DomainDefinition | None:
        """The domain that a type is."""
        if not re.fullmatch(r"[\w$.]+", type):
            return None
        ((base, constrained),) = self._ask(queries.DOMAIN, type)
        return None if base is None else DomainDefinition(base=base, constrained=constrained)

    def tables_using(self, domain: str) -> tuple[str, ...] | None:
        """The tables and materialised views with a column of a domain."""
        rows = self._ask(queries.DOMAIN_USERS, _as_name(domain))
        return self._names(oid for (oid,) in rows)

    @property
    def timezone(self) -> str | None:
        """The time zone of the session."""
        return str(self._ask(queries.TIMEZONE)[0][0])

    # --- asking -------------------------------------------------------------------------------------------------------------

    def _ask(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        key = (sql, *params)
        if key not in self._cache:
            self._cache[key] = self._database.ask(sql, params)
        found: list[tuple[Any, ...]] = self._cache[key]
        return found

    @functools.cached_property
    def _relations(self) -> dict[int, _Relation]:
        found: dict[int, _Relation] = {}
        for oid, name, _, kind, parent, is_partition, is_default in self._ask(queries.RELATIONS):
            parents = found[oid].parents if oid in found else ()
            if parent is not None:
                parents = (*parents, parent)
            found[oid] = _Relation(oid, name, kind, parents, is_partition, bool(is_default))
        return found

    @functools.cached_property
    def _by_name(self) -> dict[str, _Relation]:
        full = {row[2]: self._relations[row[0]] for row in self._ask(queries.RELATIONS)}
        return full | {relation.name: relation for relation in self._relations.values()}

    @functools.cached_property
    def _children(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for relation in self._relations.values():
            for parent in relation.parents:
                found.setdefault(parent, []).append(relation.oid)
        return found

    def _oid(self, table: str) -> int:
        """The number of a table; 0, which no table has, without such a table."""
        relation = self._by_name.get(table)
        return 0 if relation is None else relation.oid

    def _names(self, oids: Iterable[int]) -> tuple[str, ...]:
        known = (self._relations.get(oid) for oid in oids)
        return tuple(relation.name for relation in known if relation is not None)

    def _of_table(self, what: str, table: str, sql: str, make: Any) -> tuple[Any, ...] | None:
        if not self.exists(table):
            return None
        key = (what, table)
        if key not in self._cache:
            self._cache[key] = tuple(make(row) for row in self._ask(sql, self._oid(table)))
        found: tuple[Any, ...] = self._cache[key]
        return found

    def _columns(self, table: str) -> dict[str, ColumnDefinition]:
        found = self._of_table("columns", table, queries.COLUMNS, _column)
        return {column.name: column for column in found or ()}

    def _constraint(self, row: tuple[Any, ...]) -> ConstraintDefinition:
        name, kind, columns, referenced, referenced_columns, validated, definition = row
        proven = columns if kind == "n" else proven_not_null(definition)
        return ConstraintDefinition(
            name=name,
            kind=_CONSTRAINTS[kind],
            columns=tuple(columns),
            references=next(iter(self._names([referenced])), ""),
            referenced_columns=tuple(referenced_columns),
            validated=validated,
            not_null=tuple(proven),
        )


def _as_name(name: str) -> str:
    """Quote a name, or ``schema.name``, for the functions that turn text into an object."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _column(row: tuple[Any, ...]) -> ColumnDefinition:
    name, type_, not_null, identity, generated, default, collation = row
    return ColumnDefinition(
        name=name,
        type=type_,
        null=not not_null,
        default=Default.NONE if generated else _default(default),
        generated=_GENERATED[generated],
        identity=identity,
        collation=collation,
    )


def _default(expression: str | None) -> Default:
    """A literal, or what cannot be told."""
    if expression is None:
        return Default.NONE
    return Default.CONSTANT if _LITERAL.fullmatch(expression) else Default.VOLATILE


def _index(row: tuple[Any, ...]) -> IndexDefinition:
    name, columns, unique, method, constraint, computed_from = row
    return IndexDefinition(
        name=name,
        columns=tuple(columns),
        unique=unique,
        method=method,
        constraint=constraint,
        computed_from=tuple(computed_from),
    )
