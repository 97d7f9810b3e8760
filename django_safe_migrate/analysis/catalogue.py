"""What is known of tables at one moment of a plan: from the project state, from what the plan did before, and from the live database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import UniqueConstraint

from django_safe_migrate.analysis.proofs import never_null
from django_safe_migrate.analysis.statements.definitions import definition
from django_safe_migrate.analysis.statements.indexes import kind_of
from django_safe_migrate.databases.facts import (
    Catalogue,
    ConstraintDefinition,
    DomainDefinition,
    IndexDefinition,
    TableStorage,
)
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django.db.migrations.state import ModelState

    from django_safe_migrate.analysis.schema import Column
    from django_safe_migrate.analysis.so_far import SoFar
    from django_safe_migrate.analysis.state_tables import StateTables
    from django_safe_migrate.analysis.statements.moment import Moment

Answer = TypeVar("Answer")


class StateCatalogue(Catalogue):
    """
    The tables as the plan has left them when an operation starts.

    The state is asked first: it knows what earlier migrations of the plan will have done. What it does not know, such as indexes made by
    hand and views, only the live database can tell, under the names that its tables have now.
    """

    def __init__(self, so_far: SoFar, live: Catalogue) -> None:
        self._so_far = so_far
        self._live = live
        self._moment: Moment | None = None
        #: Tables that the present change makes itself.
        self._fresh: frozenset[str] = frozenset()

    def move_to(self, moment: Moment) -> None:
        """Look at the tables as they are at this moment."""
        self._moment = moment
        self._fresh = frozenset()

    def note_created(self, table: str) -> None:
        """Take a table into account that the present change has made."""
        self._fresh |= {table}

    # --- tables -------------------------------------------------------------------------------------------------------------

    def exists(self, table: str) -> bool | None:
        """A table that the plan makes does not exist: nobody uses it yet."""
        if table in self._fresh or self._so_far.is_new(table) or self._so_far.is_dropped(table):
            return False
        if self._tables(table) is not None:
            return True
        return self._ask(table, self._live.exists)

    def kind(self, table: str) -> str | None:
        return self._ask(table, self._live.kind)

    def column(self, table: str, name: str) -> ColumnDefinition | None:
        tables = self._tables(table)
        column = None if tables is None else tables.column(table, name)
        if column is not None:
            return definition(column, references=column.references)
        return self._ask(table, lambda live: self._live.column(live, name))

    def referencing(self, table: str) -> tuple[str, ...] | None:
        tables = self._tables(table)
        if tables is None:
            return self._ask(table, self._live.referencing)
        known = (one.table for one in tables.referencing(table) if one.constrained)
        # What other software made; a table that the state knows is not asked for under an old name.
        made_by_others = [
            one
            for one in self._ask(table, self._live.referencing) or ()
            if tables.place(one) is None
        ]
        return tuple(dict.fromkeys(one for one in (*known, *made_by_others) if one != table))

    def dependants(self, table: str, column: str = "") -> tuple[str, ...] | None:
        return self._ask(table, lambda live: self._live.dependants(live, column))

    def partitions(self, table: str) -> tuple[str, ...] | None:
        return self._ask(table, self._live.partitions)

    def storage(self, table: str) -> TableStorage | None:
        return self._ask(table, self._live.storage)

    def partition_of(self, table: str) -> str | None:
        return self._named_now(self._ask(table, self._live.partition_of))

    def default_partition(self, table: str) -> str | None:
        return self._named_now(self._ask(table, self._live.default_partition))

    def domain(self, type: str) -> DomainDefinition | None:
        return self._live.domain(type)

    def tables_using(self, domain: str) -> tuple[str, ...] | None:
        return self._live.tables_using(domain)

    @property
    def journal_mode(self) -> str | None:
        return self._live.journal_mode

    @property
    def timezone(self) -> str | None:
        return self._live.timezone

    # --- indexes ------------------------------------------------------------------------------------------------------------

    def indexes(self, table: str) -> tuple[IndexDefinition, ...] | None:
        found = self._ask(table, self._live.indexes)
        tables = self._tables(table)
        if tables is None:
            return found
        known = list(_indexes(tables, table))
        shapes = {(one.columns, one.unique) for one in known}
        kept = (one for one in self._kept(table, tables, found or ()) if _shape(one) not in shapes)
        return (*known, *kept)

    def index_table(self, index: str) -> str | None:
        moment = self._moment
        found = None if moment is None else moment.before.table_of_index(index)
        if found is not None:
            return found
        return self._named_now(self._live.index_table(index))

    def constraints(self, table: str) -> tuple[ConstraintDefinition, ...] | None:
        found = self._ask(table, self._live.constraints)
        tables = self._tables(table)
        if tables is None:
            return found
        known = list(self._constraints(tables, table))
        names = {one.name for one in known}
        shapes = {(one.kind, one.columns) for one in known if one.kind != ConstraintKind.CHECK}
        kept = (
            one
            for one in self._kept(table, tables, found or ())
            if one.name not in names and (one.kind, one.columns) not in shapes
        )
        return (*known, *kept)

    def _constraints(self, tables: StateTables, table: str) -> Iterator[ConstraintDefinition]:
        for column in tables.columns(table):
            yield from _of_column(column, tables)
        model = tables.model(table)
        if model is None:
            return
        for constraint in model.options.get("constraints") or ():
            names = getattr(constraint, "fields", ())
            yield ConstraintDefinition(
                name=constraint.name,
                kind=kind_of(constraint),
                columns=_columns(tables, model, names),
                validated=self._so_far.is_validated(table, constraint.name),
                not_null=_columns(tables, model, never_null(constraint)),
            )

    # --- the live database --------------------------------------------------------------------------------------------------

    def _tables(self, table: str) -> StateTables | None:
        """The state that knows a table: one that the present operation renames is known to the state after it."""
        if self._moment is None:
            return None
        for tables in (self._moment.before, self._moment.after):
            if tables.place(table) is not None:
                return tables
        return None

    def _ask(self, table: str, question: Callable[[str], Answer | None]) -> Answer | None:
        """Ask about the table under the name that it has now; of one that is not there yet, nothing can be said."""
        if table in self._fresh or self._so_far.is_new(table):
            return None
        return question(self._so_far.live_name(table).replace('"', ""))

    def _named_now(self, live_name: str | None) -> str | None:
        """The name that the plan has given to a table."""
        return None if live_name is None else self._so_far.present_name(live_name)

    def _kept(self, table: str, tables: StateTables, found: Iterable[Any]) -> Iterator[Any]:
        """What the plan has left alone of what the live database has."""
        names = {column.name for column in tables.columns(table)}
        for one in found:
            if not self._so_far.is_removed(table, one.name) and names.issuperset(one.columns):
                yield one


def _shape(index: IndexDefinition) -> tuple[tuple[str, ...], bool]:
    return index.columns, index.unique


def _indexes(tables: StateTables, table: str) -> Iterator[IndexDefinition]:
    for column in tables.columns(table):
        if column.primary_key or column.unique:
            yield IndexDefinition(name="", columns=(column.name,), unique=True, constraint=True)
        elif column.indexed:
            yield IndexDefinition(name="", columns=(column.name,))
    model = tables.model(table)
    if model is None:
        return
    for index in model.options.get("indexes") or ():
        names = (name for name, _ in index.fields_orders)
        yield IndexDefinition(name=index.name, columns=_columns(tables, model, names))
    for names in model.options.get("unique_together") or ():
        yield IndexDefinition(
            name="", columns=_columns(tables, model, names), unique=True, constraint=True
        )
    for constraint in model.options.get("constraints") or ():
        if isinstance(constraint, UniqueConstraint):
            yield IndexDefinition(
                name=constraint.name,
                columns=_columns(tables, model, constraint.fields),
                unique=True,
                constraint=not (constraint.condition or constraint.expressions),
            )


def _of_column(column: Column, tables: StateTables) -> Iterator[ConstraintDefinition]:
    columns = (column.name,)
    if column.primary_key:
        yield ConstraintDefinition(name="", kind=ConstraintKind.PRIMARY_KEY, columns=columns)
    elif column.unique:
        yield ConstraintDefinition(name="", kind=ConstraintKind.UNIQUE, columns=columns)
    if column.references:
        yield ConstraintDefinition(
            name="",
            kind=ConstraintKind.FOREIGN_KEY,
            columns=columns,
            references=column.references,
            referenced_columns=_referenced(column, tables),
        )
    if column.check:
        yield ConstraintDefinition(name="", kind=ConstraintKind.CHECK, columns=columns)


def _referenced(column: Column, tables: StateTables) -> tuple[str, ...]:
    """The column that a foreign key refers to: that of ``to_field``, or the primary key."""
    named = getattr(column.field.remote_field, "field_name", "") or ""
    target = tables.of_field(column.references, named) if named else None
    name = tables.key_column(column.references) if target is None else target.name
    return (name,) if name else ()


def _columns(tables: StateTables, model: ModelState, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(tables.schema.column_name(model, name) for name in names)
