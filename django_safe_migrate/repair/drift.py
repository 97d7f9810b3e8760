"""Where tables differ from what the applied migrations made of them, and the statements that bring them back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Field, Model, TextField

from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.databases.drafts import drafts_of
from django_safe_migrate.execution.statements import table_of
from django_safe_migrate.repair.details import Details
from django_safe_migrate.repair.extra_indexes import ExtraIndex, extra_indexes
from django_safe_migrate.repair.facets import Facet, FacetReader, Kind, models_of
from django_safe_migrate.repair.mending import Mender, watching_remakes
from django_safe_migrate.repair.present import Present

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases import Database


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """
    How one table differs.

    ``missing`` are the facets that it lacks, ``extra`` the columns that no field has, ``tight`` those with a NOT NULL that the field
    does not have. ``losses`` say which rows lose what when everything is brought back, extra columns included if they are to go.
    """

    table: str
    missing: tuple[Facet, ...]
    extra: tuple[str, ...]
    tight: tuple[str, ...]
    losses: tuple[str, ...] = ()


class Schema:
    """
    The expected schema of one database, and the present one.

    Args:
        database: that is compared.
        state: what all applied migrations add up to.
    """

    def __init__(self, database: Database, state: ProjectState) -> None:
        self.database = database
        self.present = Present(database)
        self._models = list(models_of(state.apps.get_models(include_auto_created=True), database))
        self._reader = FacetReader(database, knows_columns=self.present.knows_columns)
        self._details = Details(database, self.present)
        self._expected: frozenset[Facet] | None = None

    @property
    def expected(self) -> frozenset[Facet]:
        """The facets of all models."""
        if self._expected is None:
            self._expected = self._reader.facets(self._models)
        return self._expected

    @property
    def tables(self) -> frozenset[str]:
        """The tables that there should be."""
        return frozenset(model._meta.db_table for model in self._models)

    def drifts(self, tables: Collection[str], *, without: Collection[str] = ()) -> Iterator[Drift]:
        """Yield the tables that differ, of these only if any are named; those ``without`` are left out."""
        by_table: dict[str, list[Facet]] = {}
        for facet in self.present.missing(self.expected):
            by_table.setdefault(facet.table, []).append(facet)
        for model in sorted(self._models, key=lambda one: one._meta.db_table):
            table = model._meta.db_table
            if (tables and table not in tables) or table in without:
                continue
            drift = self._drift(model, by_table.get(table, []))
            if drift.missing or drift.extra or drift.tight:
                yield drift

    def _drift(self, model: type[Model], missing: list[Facet]) -> Drift:
        table = model._meta.db_table
        if not self.present.has_table(table):
            return Drift(table=table, missing=tuple(_only_table(missing)), extra=(), tight=())
        fields = {str(field.column): field for field in _columns(model, self.database)}
        missing = [*missing, *self._details.differing(model, missing)]
        missing = [
            one for one in missing if one.kind is Kind.COLUMN or not _lacks_column(one, missing)
        ]
        return Drift(
            table=table,
            missing=tuple(
                sorted(missing, key=lambda one: (list(Kind).index(one.kind), one.columns, one.name))
            ),
            extra=tuple(self._extra(table, fields)),
            tight=tuple(self._tight(table, fields)),
            losses=tuple(self._narrowed(table, missing)),
        )

    def _extra(self, table: str, fields: Iterable[str]) -> Iterator[str]:
        known = {name.casefold() for name in fields}
        for column in self.present.columns(table):
            if column.casefold() not in known:
                yield column

    def _tight(self, table: str, fields: dict[str, Any]) -> Iterator[str]:
        for column, field in fields.items():
            found = self.present.column(table, column)
            if found and field.null and not field.primary_key and not found.null:
                yield column

    def _narrowed(self, table: str, missing: list[Facet]) -> Iterator[str]:
        for facet in missing:
            if facet.kind is not Kind.TYPE:
                continue
            old = self.present.type_of(table, facet.columns[0])
            rows = self.filled(table, facet.columns[0])
            if rows and loses_values(self.database.connection.vendor, old, facet.value):
                yield (
                    f"column {facet.columns[0]} of {table} becomes {facet.value} and is {old}: "
                    f"{_rows(rows)} with a value may not fit"
                )

    def filled(self, table: str, column: str) -> int:
        """Return how many rows have a value in a column."""
        quoted = self.database.connection.ops.quote_name(column)
        return self.database.count_rows(table, f"{quoted} IS NOT NULL")

    def lost_with(self, drift: Drift) -> tuple[str, ...]:
        """Say which rows lose their values with the extra columns of a table."""
        return tuple(
            f"column {column} of {drift.table} is dropped with the values of {_rows(self.filled(drift.table, column))}"
            for column in drift.extra
        )

    # --- bringing it back ---------------------------------------------------------------------------------------------------

    def statements(self, drift: Drift, *, drop: bool) -> tuple[str, ...]:
        """Return the SQL that ``mend`` would execute, written down by the schema editor."""
        editor: Any = self.database.connection.schema_editor(collect_sql=True)
        editor.deferred_sql = []
        editor.execute = _tolerant(editor.execute)
        self.mend(drift, editor, drop=drop)
        for statement in editor.deferred_sql:
            editor.execute(statement, None)
        return tuple(editor.collected_sql)

    def mend(self, drift: Drift, editor: Any, *, drop: bool) -> None:
        """Bring a table back; extra columns go only with ``drop``."""
        mender = Mender(self._models, self.present)
        kept = tuple(self._kept_indexes(drift))
        with watching_remakes(editor) as remade:
            mender.add(drift.missing, editor)
            mender.loosen(drift.table, drift.tight, editor)
            if drop:
                for column in drift.extra:
                    self._drop(drift.table, column, editor)
        if drift.table in remade:
            for sql in kept:
                editor.execute(sql, None)

    def _kept_indexes(self, drift: Drift) -> Iterator[str]:
        """Yield what makes the indexes again that no model asks for, but those of columns that are gone."""
        statements = drafts_of(self.database).index_statements(drift.table)
        if not statements:
            return
        for index in self.extra_indexes(drift.table):
            if index.name in statements and not set(index.columns) & set(drift.extra):
                yield statements[index.name]

    def extra_indexes(self, table: str) -> tuple[ExtraIndex, ...]:
        """Return the indexes of a table that no model asks for."""
        facets = [one for one in self.expected if one.table == table]
        editor = self.database.connection.schema_editor(collect_sql=True)
        return extra_indexes(self.model_of(table), facets, self.present, editor)

    def model_of(self, table: str) -> type[Model]:
        """Return the model that a table of ``tables`` belongs to."""
        return next(one for one in self._models if one._meta.db_table == table)

    def remakes(self, drift: Drift, statements: Iterable[str]) -> bool:
        """Whether the statements copy the rows of the table to a new one, which has only the columns of the model."""
        return any(
            statement.lstrip().upper().startswith("DROP TABLE")
            and table_of(statement) == drift.table
            for statement in statements
        )

    def _drop(self, table: str, column: str, editor: Any) -> None:
        model = self.model_of(table)
        for name in self.present.foreign_keys_of(table, column):
            if editor.sql_delete_fk:
                editor.execute(editor._delete_constraint_sql(editor.sql_delete_fk, model, name))
        field: Field[Any, Any] = TextField(null=True)
        field.set_attributes_from_name(column)
        field.model = model
        editor.remove_field(model, field)


def _tolerant(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Let the editor write down a statement with a bare ``%`` too, which it executes without complaint (``DatabaseSchemaEditor.execute``)."""

    def written(sql: Any, params: Any = ()) -> Any:
        try:
            return execute(sql, params)
        except (TypeError, ValueError):
            if params:
                raise
            return execute(sql, None)

    return written


def _only_table(missing: list[Facet]) -> Iterator[Facet]:
    return (one for one in missing if one.kind is Kind.TABLE)


def _lacks_column(facet: Facet, missing: list[Facet]) -> bool:
    """Whether the facet is of one column that is missing itself, and comes with it."""
    if facet.kind in {Kind.INDEX, Kind.CONSTRAINT}:
        return False
    return any(one.kind is Kind.COLUMN and one.columns == facet.columns for one in missing)


def _columns(model: type[Model], database: Database) -> Iterator[Any]:
    for field in model._meta.local_concrete_fields:
        if field.db_parameters(database.connection)["type"] is not None:
            yield field


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
