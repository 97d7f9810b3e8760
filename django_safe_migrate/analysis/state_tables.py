"""
The tables of a project state: their columns, and which of them reference which.

States of a plan share the models that an operation does not touch, so that what is known of a model is kept for all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps as real_apps
from django.conf import settings
from django.db.migrations.utils import resolve_relation
from django.db.models import CASCADE, ForeignKey
from django.utils.module_loading import import_string

from django_safe_migrate.sql.tables import many_to_many_table, own_tables, table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState, ProjectState

    from django_safe_migrate.analysis.schema import Column, Schema

ModelKey = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Relation:
    """
    A column that refers to a model; ``to_field`` is empty for its primary key, ``constrained`` says that there is a foreign key.

    ``field_name`` is that of the model of ``table``, or of the many-to-many field whose table it is.
    """

    table: str
    column: str
    field_name: str
    target: ModelKey
    to_field: str
    constrained: bool
    many_to_many: bool
    #: Whether it cannot be followed back (``related_name="+"``): Django leaves it out of a model's related objects.
    hidden: bool = True


class KnownModels:
    """What was found out about model states, for as long as an analysis takes; shared by all states of a plan."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        # With the model itself, so that its address is not given to another one.
        self._relations: dict[int, tuple[ModelState, tuple[Relation, ...]]] = {}
        self._of_fields: dict[tuple[Any, ...], tuple[Any, tuple[Relation, ...]]] = {}
        self._tables: dict[int, tuple[ModelState, tuple[str, ...]]] = {}
        self._through: dict[tuple[Any, ...], tuple[Any, dict[str, Any]]] = {}
        self._names: dict[int, tuple[ModelState, frozenset[str]]] = {}
        #: Where a table, and an index or a constraint, was found last: in most states it is still there.
        self.places: dict[str, ModelKey] = {}
        self.index_places: dict[str, ModelKey] = {}
        # The models of any state that refer to a model.
        self._referring: dict[ModelKey, dict[ModelKey, None]] = {}

    def relations(self, key: ModelKey, model: ModelState) -> tuple[Relation, ...]:
        """Return the columns of a model's tables that refer to other models."""
        known = self._relations.get(id(model))
        if known is None:
            found = tuple(one for name in model.fields for one in self._of_field(key, model, name))
            known = self._relations[id(model)] = (model, found)
            for relation in found:
                self._referring.setdefault(relation.target, {})[key] = None
        return known[1]

    def referring(self, target: ModelKey, state: ProjectState) -> Iterator[Relation]:
        """Yield the columns of a state's models that refer to a model; every model is read once, whatever number of states it is in."""
        for key, model in dict.items(state.models):
            if id(model) not in self._relations:
                self.relations(key, model)
        for key in self._referring.get(target, ()):
            referring = _raw(state, key)
            if referring is not None:
                yield from (one for one in self.relations(key, referring) if one.target == target)

    def index_names(self, model: ModelState) -> frozenset[str]:
        """Return the names of a model's indexes and constraints."""
        known = self._names.get(id(model))
        if known is None:
            options = (model.options.get(option) or () for option in ("indexes", "constraints"))
            names = frozenset(one.name for option in options for one in option)
            known = self._names[id(model)] = (model, names)
        return known[1]

    def _of_field(self, key: ModelKey, model: ModelState, name: str) -> tuple[Relation, ...]:
        # By field as well: whoever reads a model of a state copies it, but not its fields.
        field = model.fields[name]
        if field.remote_field is None:
            return ()
        place = (
            id(field),
            key,
            name,
            model.options.get("db_table"),
            bool(model.options.get("proxy")),
        )
        known = self._of_fields.get(place)
        if known is None:
            found = tuple(_relations(key, model, name, self.schema))
            known = self._of_fields[place] = (field, found)
        return known[1]

    def tables(self, model: ModelState) -> tuple[str, ...]:
        """Return a model's table and those of its many-to-many fields; none when it has none of its own."""
        known = self._tables.get(id(model))
        if known is None:
            known = self._tables[id(model)] = (model, _tables(model))
        return known[1]

    def is_own(self, table: str, model: ModelState) -> bool:
        """Whether a table is a model's own one, and not that of a many-to-many field."""
        return self.tables(model)[:1] == (table,)

    def through(self, model: ModelState, field: Any) -> dict[str, Any]:
        """Return the fields of the table that Django makes for a many-to-many field, by name; the same ones each time."""
        place = (id(field), model.app_label, model.name_lower)
        known = self._through.get(place)
        if known is None:
            known = self._through[place] = (field, through_fields(model, field))
        return known[1]


class StateTables:
    """The tables of one state."""

    def __init__(self, state: ProjectState, known: KnownModels) -> None:
        self.state = state
        self.schema = known.schema
        self._known = known

    def place(self, table: str) -> ModelKey | None:
        """Return the key of the model that a table belongs to, None when no model of this state has it."""
        key = self._known.places.get(table)
        if key is not None:
            model = _raw(self.state, key)
            if model is not None and table in self._known.tables(model):
                return key
        # From the newest on: what is asked for first is often what has just been made.
        models: Iterable[tuple[ModelKey, ModelState]] = reversed(dict.items(self.state.models))
        for other, model in models:
            if table in self._known.tables(model):
                self._known.places[table] = other
                return other
        return None

    def model(self, table: str) -> ModelState | None:
        """Return the model whose own table this is."""
        key = self.place(table)
        model = None if key is None else _raw(self.state, key)
        return model if model is not None and self._known.is_own(table, model) else None

    def columns(self, table: str) -> tuple[Column, ...]:
        """Return the columns of a table in order; none of a table that is not known."""
        return tuple(self._columns(table))

    def column(self, table: str, name: str) -> Column | None:
        """Return a column of a table, None when that is not known."""
        model = self.model(table)
        if model is None:
            return next((one for one in self._columns(table) if one.name == name), None)
        for field_name, field in model.fields.items():
            if self.schema.column_name(model, field_name) == name and not field.many_to_many:
                return self.schema.column(self.state, model, field_name, field)
        return None

    def of_field(self, table: str, field_name: str) -> Column | None:
        """Return the column of a model's field."""
        model = self.model(table)
        field = None if model is None else model.fields.get(field_name)
        if model is None or field is None:
            return None
        return self.schema.column(self.state, model, field_name, field)

    def key_column(self, table: str) -> str:
        """Return the column of a table's primary key, empty when that is not known."""
        model = self.model(table)
        fields = {} if model is None else model.fields
        for name, field in fields.items():
            if field.primary_key and model is not None:
                return self.schema.column_name(model, name)
        return ""

    def referencing(self, table: str) -> tuple[Relation, ...]:
        """Return the columns, this table's own included, that refer to the model of a table."""
        key = self.place(table)
        model = None if key is None else _raw(self.state, key)
        if key is None or model is None or not self._known.is_own(table, model):
            return ()
        return tuple(self._known.referring(key, self.state))

    def table_of_index(self, name: str) -> str | None:
        """Return the table of an index or a constraint that a model names, None of an unknown one."""
        key = self._known.index_places.get(name)
        model = None if key is None else _raw(self.state, key)
        if model is not None and name in self._known.index_names(model):
            return table_name(model)
        for other, model in dict.items(self.state.models):
            if name in self._known.index_names(model):
                self._known.index_places[name] = other
                return table_name(model)
        return None

    def related_column(self, relation: Relation) -> Column | None:
        """Return the column of a relation."""
        return self.column(relation.table, relation.column)

    def _columns(self, table: str) -> Iterator[Column]:
        key = self.place(table)
        model = None if key is None else _raw(self.state, key)
        if model is None:
            return
        if not self._known.is_own(table, model):
            yield from self._columns_between(table, model)
            return
        for name, field in model.fields.items():
            column = self.schema.column(self.state, model, name, field)
            if column is not None:
                yield column

    def _columns_between(self, table: str, model: ModelState) -> Iterator[Column]:
        for name, field in model.fields.items():
            if many_to_many_table(model, name, field) == table:
                for own_name, own_field in self._known.through(model, field).items():
                    column = self.schema.column(self.state, model, own_name, own_field)
                    if column is not None:
                        yield dataclasses.replace(column, table=table)


def through_fields(model: ModelState, field: Any) -> dict[str, Any]:
    """Return the fields of the table that Django makes for a many-to-many field, by name."""
    own = (model.app_label, model.name_lower)
    target = resolve_relation(field.remote_field.model, *own)
    names = _sides(own, target)
    constrained = field.remote_field.db_constraint
    made: dict[str, Any] = {"id": _automatic_key(model.app_label)}
    for name, (app_label, model_name) in zip(names, (own, target), strict=True):
        made[name] = ForeignKey(f"{app_label}.{model_name}", CASCADE, db_constraint=constrained)
    return made


def _sides(own: ModelKey, target: ModelKey) -> tuple[str, str]:
    if own == target or own[1] == target[1]:
        return f"from_{own[1]}", f"to_{target[1]}"
    return own[1], target[1]


def _automatic_key(app_label: str) -> Any:
    try:
        path = real_apps.get_app_config(app_label).default_auto_field
    except LookupError:
        path = settings.DEFAULT_AUTO_FIELD
    return import_string(path)(primary_key=True)


def _relations(key: ModelKey, model: ModelState, name: str, schema: Schema) -> Iterator[Relation]:
    field: Any = model.fields[name]
    if model.options.get("proxy"):
        return
    between = many_to_many_table(model, name, field)
    if between:
        constrained = field.remote_field.db_constraint
        target = resolve_relation(field.remote_field.model, *key)
        for side, one in zip(_sides(key, target), (key, target), strict=True):
            yield Relation(between, f"{side}_id", name, one, "", constrained, many_to_many=True)
    elif not field.many_to_many and hasattr(field, "db_constraint"):
        yield Relation(
            table_name(model),
            schema.column_name(model, name),
            name,
            resolve_relation(field.remote_field.model, *key),
            field.remote_field.field_name or "",
            field.db_constraint,
            many_to_many=False,
            hidden=(field.remote_field.related_name or "").endswith("+"),
        )


def _tables(model: ModelState) -> tuple[str, ...]:
    return () if model.options.get("proxy") else own_tables(model)


def _raw(state: ProjectState, key: ModelKey) -> ModelState | None:
    """The model as it is shared between states; it must not be changed."""
    model: ModelState | None = dict.get(state.models, key)
    return model
