"""Making what the catalogue lacks, by the schema editor's own statements."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db.models import NOT_PROVIDED

from django_safe_migrate.databases.statements import Default
from django_safe_migrate.execution.statements import table_of
from django_safe_migrate.repair.facets import Facet, Kind, has_db_default

if TYPE_CHECKING:
    from django.db.models import Model

    from django_safe_migrate.repair.present import Present

_ORDER = list(Kind)
#: How Django names a foreign key that it adds to an existing table.
_FOREIGN_KEY_SUFFIX = "_fk_%(to_table)s_%(to_column)s"
#: Facets of one column that ``alter_field`` brings about together.
_OF_COLUMN = frozenset(
    {Kind.TYPE, Kind.NOT_NULL, Kind.DEFAULT, Kind.COLLATION, Kind.DEFAULT_VALUE, Kind.CHECK}
)
#: What does not come with its column when that is added.
_APART = frozenset({Kind.COLUMN, Kind.INDEX, Kind.CONSTRAINT, Kind.DEFINITION})


@contextmanager
def watching_remakes(editor: Any) -> Iterator[set[str]]:
    """Yield the tables that the editor makes anew: they have everything that the model has, indexes included, and nothing else."""
    remade: set[str] = set()
    original = editor.execute

    def execute(sql: Any, params: Any = ()) -> Any:
        if str(sql).lstrip().upper().startswith("DROP TABLE"):
            remade.add(table_of(str(sql)))
        return original(sql, params)

    editor.execute = execute
    try:
        yield remade
    finally:
        editor.execute = original


class Mender:
    """
    Adds what is missing.

    Args:
        models: the models of the state that the database shall have; their tables are told by name.
        present: what the database has now.
    """

    def __init__(self, models: Iterable[type[Model]], present: Present) -> None:
        self._models = {model._meta.db_table: model for model in models}
        self._present = present
        self._other_defaults: set[tuple[str, tuple[str, ...]]] = set()

    def add(self, missing: Iterable[Facet], editor: Any) -> None:
        """Make the missing facets, tables first; what is made together with its table or column is not made twice."""
        wanted = sorted(
            missing, key=lambda one: (_ORDER.index(one.kind), one.table, one.columns, one.name)
        )
        tables = {one.table for one in wanted if one.kind is Kind.TABLE}
        columns = {(one.table, one.columns) for one in wanted if one.kind is Kind.COLUMN}
        self._other_defaults = {
            (one.table, one.columns) for one in wanted if one.kind is Kind.DEFAULT_VALUE
        }
        altered: set[tuple[str, tuple[str, ...]]] = set()
        with watching_remakes(editor) as remade:
            for facet in wanted:
                place = (facet.table, facet.columns)
                if facet.table in remade or (
                    facet.kind is not Kind.TABLE and facet.table in tables
                ):
                    continue
                if facet.kind not in _APART and place in columns:
                    continue
                if facet.kind not in _OF_COLUMN:
                    _MAKE[facet.kind](self, facet, editor)
                elif place not in altered:
                    altered.add(place)
                    self._alter(facet, editor)

    def drop_leftover_defaults(self, columns: Iterable[Facet], editor: Any) -> None:
        """Drop the defaults that Django gives a new column for the rows there are, and drops again in a second statement."""
        for facet in columns:
            field = self._field(facet)
            found = self._present.column(facet.table, facet.columns[0])
            if found is None or found.identity or found.generated or has_db_default(field):
                continue
            if found.default is not Default.NONE:
                self._drop_default(facet, field, editor)

    def _drop_default(self, facet: Facet, field: Any, editor: Any) -> None:
        model = self._models[facet.table]
        change, params = editor._alter_column_default_sql(model, None, field, drop=True)
        table = editor.quote_name(facet.table)
        editor.execute(editor.sql_alter_column % {"table": table, "changes": change}, params)

    def loosen(self, table: str, columns: Iterable[str], editor: Any) -> None:
        """Take away a NOT NULL that the field does not have."""
        for column in columns:
            self._alter(Facet(Kind.NOT_NULL, table, (column,)), editor)

    # --- one kind each ------------------------------------------------------------------------------------------------------

    def _table(self, facet: Facet, editor: Any) -> None:
        """Create one table: ``create_model`` would create the many-to-many tables with it, some of which may be there."""
        model = self._models[facet.table]
        sql, params = editor.table_sql(model)
        editor.execute(sql, params or None)
        editor.deferred_sql.extend(editor._model_indexes_sql(model))

    def _column(self, facet: Facet, editor: Any) -> None:
        editor.add_field(self._models[facet.table], self._field(facet))

    def _alter(self, facet: Facet, editor: Any) -> None:
        """Let Django alter the field from what is there to what shall be."""
        new = self._field(facet)
        editor.alter_field(self._models[facet.table], self._as_it_is(facet, new), new)

    def _as_it_is(self, facet: Facet, field: Any) -> Any:
        """A copy of the field that says of itself what the catalogue says."""
        table, column = facet.table, facet.columns[0]
        found = self._present.column(table, column)
        old = copy.copy(field)
        parameters = dict(field.db_parameters(self._present.connection))
        wanted = self._present.spelled(parameters["type"])
        if found is not None:
            old.null = found.null and not found.primary_key
            if self._present.type_of(table, column) != wanted:
                parameters["type"] = found.type
            # To Django another default is one as good as none: it sets the field's.
            if (table, (column,)) in self._other_defaults or not self._present.has(
                Facet(Kind.DEFAULT, table, (column,))
            ):
                old.db_default = NOT_PROVIDED
            collation = str(parameters.get("collation") or "")
            if collation and not self._present.has(
                Facet(Kind.COLLATION, table, (column,), value=collation)
            ):
                parameters["collation"] = self._present.collation_of(table, column) or None
        if not self._present.has(Facet(Kind.CHECK, table, (column,))):
            parameters["check"] = None
        old.db_parameters = lambda connection: parameters
        # Django compares this to find out whether there is anything to do.
        old.deconstruct = lambda: (field.name, "as it is", [], {})
        return old

    def _unique(self, facet: Facet, editor: Any) -> None:
        model = self._models[facet.table]
        editor.execute(
            editor._create_unique_sql(model, [self._by_column(model, one) for one in facet.columns])
        )

    def _field_index(self, facet: Facet, editor: Any) -> None:
        there = set(self._present.constraints(facet.table))
        for statement in editor._field_indexes_sql(self._models[facet.table], self._field(facet)):
            if str(statement.parts["name"]).strip('"`') not in there:
                editor.execute(statement)

    def _index(self, facet: Facet, editor: Any) -> None:
        model = self._models[facet.table]
        index = next(one for one in model._meta.indexes if one.name == facet.name)
        if self._is_taken(facet):
            editor.remove_index(model, index)
        editor.add_index(model, index)

    def _constraint(self, facet: Facet, editor: Any) -> None:
        model = self._models[facet.table]
        named = next(one for one in model._meta.constraints if one.name == facet.name)
        if self._is_taken(facet):
            editor.remove_constraint(model, named)
        editor.add_constraint(model, named)

    def _definition(self, facet: Facet, editor: Any) -> None:
        """Make an index or a constraint anew that is there, and otherwise."""
        indexes = self._models[facet.table]._meta.indexes
        make = self._index if any(one.name == facet.name for one in indexes) else self._constraint
        make(facet, editor)

    def _comment(self, facet: Facet, editor: Any) -> None:
        model, column = self._models[facet.table], "".join(facet.columns)
        there = self._present.comment_of(facet.table, column) or None
        if not column:
            editor.alter_db_table_comment(model, there, facet.value)
            return
        field = self._field(facet)
        old = copy.copy(field)
        old.db_comment = there
        editor.alter_field(model, old, field)

    def _is_taken(self, facet: Facet) -> bool:
        """Whether an index or a constraint of the name is there, which is then of other columns."""
        names = {name.casefold() for name in self._present.constraints(facet.table)}
        return facet.name.casefold() in names

    def _foreign_key(self, facet: Facet, editor: Any) -> None:
        model, field = self._models[facet.table], self._field(facet)
        if editor.sql_create_fk:
            editor.execute(editor._create_fk_sql(model, field, _FOREIGN_KEY_SUFFIX))
            return
        # Where a foreign key comes with its table only, the table is made anew.
        old = copy.copy(field)
        old.db_constraint = False
        old.deconstruct = lambda: (field.name, "as it is", [], {})
        editor.alter_field(model, old, field)

    def _field(self, facet: Facet) -> Any:
        return self._by_column(self._models[facet.table], facet.columns[0])

    def _by_column(self, model: type[Model], column: str) -> Any:
        return next(one for one in model._meta.local_concrete_fields if one.column == column)


_MAKE: dict[Kind, Callable[[Mender, Facet, Any], None]] = {
    Kind.TABLE: Mender._table,
    Kind.COLUMN: Mender._column,
    Kind.UNIQUE: Mender._unique,
    Kind.FIELD_INDEX: Mender._field_index,
    Kind.INDEX: Mender._index,
    Kind.CONSTRAINT: Mender._constraint,
    Kind.FOREIGN_KEY: Mender._foreign_key,
    Kind.DEFINITION: Mender._definition,
    Kind.COMMENT: Mender._comment,
}
