"""
Names and types of tables and columns, read from model states.

Django knows them of rendered models. Rendering is most of the time that ``migrate`` takes, and model states have all it needs.

States of a plan share the fields that an operation does not touch, so that what was found out about a field is kept for all of them.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

from django.apps import apps as real_apps
from django.db import router
from django.db.migrations.utils import resolve_relation
from django.db.models import NOT_PROVIDED

from django_safe_migrate.databases import server_of, unopened
from django_safe_migrate.sql.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.state import ModelState, ProjectState
    from django.db.models import Field

    from django_safe_migrate.values import TargetVersion


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """
    A column as a field of a model state describes it.

    ``type`` is the type in the database's words, empty when it is not known; ``check`` the condition of the CHECK that comes with the
    field; ``references`` the table that a foreign key constraint points to, empty without one.
    """

    table: str
    name: str
    field_name: str
    type: str
    check: str
    collation: str
    references: str
    null: bool
    primary_key: bool
    unique: bool
    indexed: bool
    generated: bool
    stored: bool
    field: Field[Any, Any] = dataclasses.field(compare=False, repr=False)

    @property
    def declared_type(self) -> tuple[Any, ...]:
        """What the type comes from, to compare where the database's words for it are not known."""
        field: Any = self.field
        sizes = ("max_length", "max_digits", "decimal_places")
        return (field.get_internal_type(), *(getattr(field, size, None) for size in sizes))

    @property
    def db_default(self) -> Any:
        """The default that the database fills in, None without one."""
        return self.field.db_default if self.has_db_default else None

    @property
    def has_db_default(self) -> bool:
        """Whether an INSERT that does not name the column works because the database fills it in."""
        return self.field.db_default is not NOT_PROVIDED

    @property
    def has_python_default(self) -> bool:
        """Whether Django has a value for existing rows; it drops this default again at the end of the statement."""
        field: Any = self.field
        if (
            field.has_default()
            or getattr(field, "auto_now", False)
            or getattr(field, "auto_now_add", False)
        ):
            return True
        return bool(not field.null and field.blank and field.empty_strings_allowed)

    @property
    def must_be_given(self) -> bool:
        """Whether an INSERT that does not name the column fails."""
        filled = self.has_db_default or self.generated or getattr(self.field, "db_returning", False)
        return not (self.null or filled)

    @property
    def needs_empty_table(self) -> bool:
        """Whether adding it fails as soon as the table has a row."""
        return self.must_be_given and not self.has_python_default


class Schema:
    """
    What model states mean on one connection.

    With ``live`` false the connection is only asked what it knows without connecting; ``target`` is the server that it is for.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        *,
        live: bool,
        target: TargetVersion | None = None,
    ) -> None:
        self.connection = connection
        # What Django knows of the server, here without connecting to it.
        described = connection if live else unopened(connection, server_of(connection, target))
        self._types = described
        self.knows_types = (
            live
            or described is not connection
            or isinstance(inspect.getattr_static(connection, "data_types", None), dict)
        )
        self._live = live
        # With the field itself, so that its address is not given to another one.
        self._bound: dict[tuple[int, str], tuple[Any, Any]] = {}
        self._columns: dict[tuple[Any, ...], tuple[Any, Column | None]] = {}
        self._key_types: dict[tuple[int, str], tuple[Any, str]] = {}

    # --- models -------------------------------------------------------------------------------------------------------------

    def model(self, state: ProjectState, app_label: str, name: str) -> ModelState | None:
        """Return a model's state, which must not be changed, when it has a table that this database's migrations manage."""
        model_state = dict.get(state.models, (app_label, name.lower()))
        return model_state if model_state is not None and self._migrates(model_state) else None

    def referenced_table(self, state: ProjectState, model_state: ModelState, field: Any) -> str:
        """Return the table that a relation points to, empty when its model is not in the state."""
        target = self._target(state, model_state, field)
        return "" if target is None else table_name(target)

    def _migrates(self, model_state: ModelState) -> bool:
        options = model_state.options
        if (
            options.get("proxy")
            or not options.get("managed", True)
            or self._is_swapped(model_state)
        ):
            return False
        vendor = options.get("required_db_vendor")
        if vendor and vendor != self.connection.vendor:
            return False
        features = options.get("required_db_features") or () if self._live else ()
        if not all(getattr(self.connection.features, feature, False) for feature in features):
            return False
        alias, name = self.connection.alias, model_state.name_lower
        return bool(router.allow_migrate(alias, model_state.app_label, model_name=name))

    @staticmethod
    def _is_swapped(model_state: ModelState) -> bool:
        if not model_state.options.get("swappable"):
            return False
        try:
            return bool(real_apps.get_model(model_state.app_label, model_state.name)._meta.swapped)
        except LookupError:
            return False

    # --- columns ------------------------------------------------------------------------------------------------------------

    def column(
        self, state: ProjectState, model_state: ModelState, name: str, field: Any
    ) -> Column | None:
        """Return the column of a field, or None when it has none (many-to-many, composite key)."""
        if field.many_to_many:
            return None
        table, references, kind = table_name(model_state), "", ""
        if field.remote_field is not None:
            target = self._target(state, model_state, field)
            kind = self._reference_type(state, target, field)
            if target is not None and getattr(field, "db_constraint", False):
                references = table_name(target)
        place = (id(field), name, table, references, kind)
        known = self._columns.get(place)
        if known is None:
            column = self._column(table, name, field, references, kind)
            known = self._columns[place] = (field, column)
        return known[1]

    def _column(
        self, table: str, name: str, field: Any, references: str, kind: str
    ) -> Column | None:
        bound = self._of_name(name, field)
        if bound.column is None:
            return None
        kind, check, collation = self._database_parameters(bound, kind)
        return Column(
            table=table,
            name=bound.column,
            field_name=name,
            type=kind,
            check=check,
            collation=collation,
            references=references,
            null=field.null,
            primary_key=field.primary_key,
            unique=field.unique and not field.primary_key,
            indexed=field.db_index and not field.unique,
            generated=bool(field.generated),
            stored=bool(field.generated and getattr(field, "db_persist", False)),
            field=field,
        )

    def column_name(self, model_state: ModelState, name: str) -> str:
        """Return the column of a field by the field's name; of an unknown field, the name."""
        field = model_state.fields.get(name)
        return name if field is None else str(self._of_name(name, field).column or name)

    def _of_name(self, name: str, field: Any) -> Any:
        """The field as it is in a model under this name."""
        known = self._bound.get((id(field), name))
        if known is None:
            bound = copy.copy(field)
            bound.set_attributes_from_name(name)
            known = self._bound[id(field), name] = (field, bound)
        return known[1]

    def index_name(self, table: str, columns: Sequence[str], suffix: str = "_idx") -> str:
        """Return the name that Django makes up for an index or a constraint."""
        editor: Any = self.connection.schema_editor()
        return str(editor._create_index_name(table, list(columns), suffix))

    def _database_parameters(self, bound: Any, reference_type: str) -> tuple[str, str, str]:
        if not self.knows_types:
            return "", "", ""
        if bound.remote_field is not None:
            return reference_type, "", ""
        try:
            parameters = bound.db_parameters(self._types)
        except (
            AttributeError,
            TypeError,
        ):  # a field of the project that wants to be part of a model first
            return "", "", ""
        return (
            parameters.get("type") or "",
            str(parameters.get("check") or ""),
            parameters.get("collation") or "",
        )

    def _reference_type(self, state: ProjectState, target: ModelState | None, field: Any) -> str:
        name, key = _referenced_field(state, target, field.remote_field.field_name)
        if target is None or key is None or not self.knows_types:
            return ""
        if key.remote_field is not None:
            return self._reference_type(state, self._target(state, target, key), key)
        known = self._key_types.get((id(key), name))
        if known is None:
            known = self._key_types[id(key), name] = (key, self._type_of_key(name, key))
        return known[1]

    def _type_of_key(self, name: str, field: Any) -> str:
        try:
            return self._of_name(name, field).rel_db_type(self._types) or ""
        except (AttributeError, TypeError):  # as above
            return ""

    @staticmethod
    def _target(state: ProjectState, model_state: ModelState, field: Any) -> ModelState | None:
        if field.remote_field is None:
            return None
        key = resolve_relation(
            field.remote_field.model, model_state.app_label, model_state.name_lower
        )
        target: ModelState | None = dict.get(state.models, key)
        return target


def _referenced_field(
    state: ProjectState, target: ModelState | None, name: str | None
) -> tuple[str, Any]:
    """The field that a relation points to: the named one, else the primary key, which may be a parent's."""
    if target is None:
        return "", None
    if name and name in target.fields:
        return name, target.fields[name]
    for field_name, field in target.fields.items():
        if field.primary_key:
            return field_name, field
    for base in target.bases:
        if isinstance(base, str):
            app_label, _, model_name = base.rpartition(".")
            base_state = dict.get(state.models, (app_label, model_name.lower()))
            return _referenced_field(state, base_state, name)
    return "", None
