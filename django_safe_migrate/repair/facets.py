"""
What a project's state asks of the database, as single facts that the catalogue can confirm or deny.

A facet says that something is there. Two states differ for the catalogue in the facets that only one of them has; what no facet of theirs
tells (comments, the text of conditions, rows) cannot be proven.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import router
from django.db.models import NOT_PROVIDED, UniqueConstraint

from django_safe_migrate.databases.stored_types import stored_type
from django_safe_migrate.sql.reading.types import canonical_type

if TYPE_CHECKING:
    from django.db.models import Model

    from django_safe_migrate.databases import Database

#: What MariaDB and MySQL say after the type of a column that they count up.
_COUNTED = re.compile(r"\s+AUTO_INCREMENT\Z", re.IGNORECASE)


class Kind(enum.StrEnum):
    """What a facet is about, in the order in which a missing one is made."""

    TABLE = "table"
    COLUMN = "column"
    TYPE = "type"
    NOT_NULL = "not null"
    DEFAULT = "default"
    COLLATION = "collation"
    DEFAULT_VALUE = "default value"
    CHECK = "check"
    UNIQUE = "unique"
    FIELD_INDEX = "field index"
    INDEX = "index"
    CONSTRAINT = "constraint"
    FOREIGN_KEY = "foreign key"
    DEFINITION = "definition"
    COMMENT = "comment"


@dataclasses.dataclass(frozen=True, slots=True)
class Facet:
    """
    One fact; ``name`` is that of an index or a constraint, ``value`` a type, a collation, a number of indexes, or ``table.column`` referenced.

    ``columns`` is empty for an index of expressions, or on a field that was renamed since: its name has to do; and for the comment of a
    table. The kinds ``DEFAULT_VALUE``, ``DEFINITION`` and ``COMMENT`` say that what is there is otherwise; ``details`` yields them.
    """

    kind: Kind
    table: str
    columns: tuple[str, ...] = ()
    name: str = ""
    value: str = ""

    @property
    def words(self) -> str:
        """The facet as a noun: ``column note of shop_order``."""
        columns = ", ".join(self.columns)
        match self.kind:
            case Kind.TABLE:
                return f"table {self.table}"
            case Kind.COLUMN:
                return f"column {columns} of {self.table}"
            case Kind.TYPE:
                return f"type {self.value} of {self.table}.{columns}"
            case Kind.NOT_NULL:
                return f"NOT NULL of {self.table}.{columns}"
            case Kind.DEFAULT:
                return f"default of {self.table}.{columns}"
            case Kind.DEFAULT_VALUE:
                return f"default {self.value} of {self.table}.{columns}"
            case Kind.COMMENT:
                place = f"{self.table}.{columns}" if columns else self.table
                return f"comment {self.value!r} of {place}"
            case Kind.DEFINITION:
                return f"condition, columns or options of {self.name} of {self.table}"
            case Kind.COLLATION:
                return f"collation {self.value} of {self.table}.{columns}"
            case Kind.FOREIGN_KEY:
                return f"foreign key {self.table}.{columns} to {self.value}"
            case Kind.INDEX | Kind.CONSTRAINT:
                return f"{self.kind} {self.name} of {self.table}"
            case Kind.UNIQUE:
                return f"unique constraint of {self.table} ({columns})"
            case Kind.CHECK:
                return f"check of {self.table}.{columns}"
        return f"index of {self.table} ({columns})"


def canonical(text: str, database: Database) -> str:
    """Return one spelling of a type as the database keeps it, for comparison."""
    kind = canonical_type(_COUNTED.sub("", text.strip()), database.connection.vendor)
    return stored_type(kind, database).casefold()


def models_of(models: Iterable[type[Model]], database: Database) -> Iterator[type[Model]]:
    """Yield the models that migrations of this database have tables for; tables in other schemas are left out."""
    connection = database.connection
    for model in models:
        if (
            model._meta.can_migrate(connection)
            and router.allow_migrate_model(connection.alias, model)
            and '"' not in model._meta.db_table
        ):
            yield model


class FacetReader:
    """
    Reads the facets of rendered models.

    Args:
        database: for whose types and indexes.
        knows_columns: whether the catalogue of this product tells types, NOT NULL and defaults.
    """

    def __init__(self, database: Database, *, knows_columns: bool) -> None:
        self._database = database
        self._connection = database.connection
        self._knows_columns = knows_columns
        # Asked what it would write; it is never entered.
        self._editor: Any = self._connection.schema_editor(collect_sql=True)

    def facets(self, models: Iterable[type[Model]]) -> frozenset[Facet]:
        """Return the facets of models, their hidden many-to-many tables being models of their own."""
        return frozenset(
            facet for model in models_of(models, self._database) for facet in self._model(model)
        )

    def _model(self, model: type[Model]) -> Iterator[Facet]:
        table = model._meta.db_table
        yield Facet(Kind.TABLE, table)
        for field in model._meta.local_concrete_fields:
            if field.db_parameters(self._connection)["type"] is not None:
                yield from self._field(model, field)
        for names in model._meta.unique_together:
            columns = tuple(str(model._meta.get_field(name).column) for name in names)  # type: ignore[union-attr]
            yield Facet(Kind.UNIQUE, table, columns)
        yield from self._named(model)

    def _field(self, model: type[Model], field: Any) -> Iterator[Facet]:
        table, columns = model._meta.db_table, (str(field.column),)
        yield Facet(Kind.COLUMN, table, columns)
        parameters = field.db_parameters(self._connection)
        if self._knows_columns:
            kind = canonical(parameters["type"], self._database)
            yield Facet(Kind.TYPE, table, columns, value=kind)
            if not field.null or field.primary_key:
                yield Facet(Kind.NOT_NULL, table, columns)
            if has_db_default(field):
                yield Facet(Kind.DEFAULT, table, columns)
            if collation := parameters.get("collation"):
                yield Facet(Kind.COLLATION, table, columns, value=str(collation))
        if parameters.get("check") and self._sees_checks:
            yield Facet(Kind.CHECK, table, columns)
        if field.unique:
            yield Facet(Kind.UNIQUE, table, columns)
        if indexes := len(self._editor._field_indexes_sql(model, field)):
            yield Facet(Kind.FIELD_INDEX, table, columns, value=str(indexes))
        if field.remote_field and field.db_constraint and self._has_foreign_keys:
            target = field.target_field
            yield Facet(
                Kind.FOREIGN_KEY,
                table,
                columns,
                value=f"{target.model._meta.db_table}.{target.column}",
            )

    @property
    def _sees_checks(self) -> bool:
        features = self._connection.features
        return bool(
            features.supports_column_check_constraints and features.can_introspect_check_constraints
        )

    @property
    def _has_foreign_keys(self) -> bool:
        return bool(self._connection.features.supports_foreign_keys)

    def _named(self, model: type[Model]) -> Iterator[Facet]:
        table = model._meta.db_table
        for index in model._meta.indexes:
            expression = bool(index.expressions)
            if expression and not self._connection.features.supports_expression_indexes:
                continue
            names = [name for name, _ in index.fields_orders]
            columns = () if expression else _columns(model, [*names, *self._included(index)])
            yield Facet(Kind.INDEX, table, columns, name=index.name)
        for constraint in model._meta.constraints:
            if self._is_made(constraint, model):
                plain = isinstance(constraint, UniqueConstraint) and not constraint.expressions
                names = [*constraint.fields, *self._included(constraint)] if plain else []  # type: ignore[attr-defined]
                columns = _columns(model, names)
                yield Facet(Kind.CONSTRAINT, table, columns, name=constraint.name)

    def _included(self, named: Any) -> tuple[str, ...]:
        """The fields that an index has besides its keys; Django's introspection names them with these."""
        return tuple(named.include) if self._connection.features.supports_covering_indexes else ()

    def _is_made(self, constraint: Any, model: type[Model]) -> bool:
        """Whether this database has such constraints; one that names a field by its old name is believed to be there."""
        try:
            return bool(constraint.create_sql(model, self._editor))
        except (FieldDoesNotExist, FieldError):
            return True


def has_db_default(field: Any) -> bool:
    """Whether the database itself fills the column."""
    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def _columns(model: type[Model], names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of fields; none where ``RenameField`` has left an old name in the options of Django's state."""
    known = {field.name for field in model._meta.get_fields()}
    if not known.issuperset(names := tuple(names)):
        return ()
    return tuple(str(model._meta.get_field(name).column) for name in names)  # type: ignore[union-attr]
