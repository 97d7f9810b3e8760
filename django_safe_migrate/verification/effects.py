"""
What a plan does to tables and columns, read from its operations.

Names come from the states of models, without rendering them: they are needed for tables that no longer exist.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db import router
from django.db.backends.utils import strip_quotes, truncate_name
from django.db.migrations import operations as builtin
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from django_safe_migrate.sql.states import advance

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.plan import Plan

#: A model's own table, or the hidden one of a many-to-many field: (model, field or empty).
Place = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table as the state has it; ``columns`` is empty for the hidden tables of many-to-many fields."""

    name: str
    columns: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What one operation does to one table; None where there is no table before or after it."""

    before: Table | None
    after: Table | None
    by: str

    def inverted(self) -> Change:
        """The change that undoing the operation makes."""
        return Change(self.after, self.before, self.by)


@dataclasses.dataclass(frozen=True, slots=True)
class Code:
    """An operation whose effect on rows cannot be read from it; ``sql`` is empty for Python."""

    by: str
    app_labels: frozenset[str]
    sql: str


@dataclasses.dataclass(slots=True)
class Effects:
    """
    The effects of a whole plan.

    Tables go by their names before the plan, except ``touched``, which has every name that they ever have. The values name the
    migration and operation.
    """

    dropped_tables: dict[str, str] = dataclasses.field(default_factory=dict)
    dropped_columns: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    renamed_tables: dict[str, str] = dataclasses.field(default_factory=dict)
    touched: dict[str, str] = dataclasses.field(default_factory=dict)
    code: list[Code] = dataclasses.field(default_factory=list)
    unvalidated: set[str] = dataclasses.field(default_factory=set)
    apps_of_tables: dict[str, str] = dataclasses.field(default_factory=dict)

    def note(self, change: Change) -> None:
        """Add a change that comes after those noted before."""
        for table in (change.before, change.after):
            if table is not None:
                self.touched.setdefault(table.name, change.by)
        if change.before is None:
            return
        before = change.before.name
        original = next((old for old, new in self.renamed_tables.items() if new == before), before)
        if change.after is None:
            self.dropped_tables[original] = change.by
            self.renamed_tables.pop(original, None)
            return
        if change.after.name != before:
            self.renamed_tables[original] = change.after.name
            self.dropped_columns = {
                (change.after.name if table == before else table, column): by
                for (table, column), by in self.dropped_columns.items()
            }
        for column in change.before.columns - change.after.columns:
            self.dropped_columns[(change.after.name, column)] = change.by


def read_effects(
    connection: BaseDatabaseWrapper, plan: Plan, state: ProjectState | None = None
) -> Effects:
    """
    Return the effects of a plan on this database.

    Args:
        connection: the database that the plan is for.
        plan: the plan, not carried out yet.
        state: the state of every applied migration that the plan does not have; worked out when it is not given.
    """
    return _Walk(connection, plan, state or _state_without(connection, plan)).effects()


def _state_without(connection: BaseDatabaseWrapper, plan: Plan) -> ProjectState:
    executor = MigrationExecutor(connection)
    planned = {(step.app_label, step.name) for step in plan.steps}
    wanted = set(executor.loader.applied_migrations) - planned
    state = ProjectState(real_apps=executor.loader.unmigrated_apps)
    leaves = executor.loader.graph.leaf_nodes()
    for migration, _ in executor.migration_plan(leaves, clean_start=True):
        if (migration.app_label, migration.name) in wanted:
            migration.mutate_state(state, preserve=False)
    return state


class _Walk:
    """Goes through the plan in the order of the files, whatever its direction: a state can only be built forwards."""

    def __init__(self, connection: BaseDatabaseWrapper, plan: Plan, state: ProjectState) -> None:
        self.connection = connection
        self.plan = plan
        # Without the rendered models, which every operation would have to render again.
        models = {key: model.clone() for key, model in state.models.items()}
        self.state = ProjectState(models, set(state.real_apps))
        self.changes: list[Change] = []
        self.result = Effects()

    def effects(self) -> Effects:
        self._note_apps()
        steps = reversed(self.plan.steps) if self.plan.backwards else self.plan.steps
        for step in steps:
            migration = step.migration
            depends_on = {app_label for app_label, _ in migration.dependencies}
            for operation in migration.operations:
                by = f"{'undoing ' if step.backwards else ''}{step.label} ({operation.describe()})"
                self._note_code(operation, by, frozenset({step.app_label, *depends_on}))
                self.state = self._operation(operation, step.app_label, self.state, by)
        self._note_apps()
        inverted = self.plan.backwards
        for change in reversed(self.changes) if inverted else self.changes:
            self.result.note(change.inverted() if inverted else change)
        return self.result

    def _operation(
        self, operation: Operation, app_label: str, state: ProjectState, by: str
    ) -> ProjectState:
        """Note the changes of an operation, and return the state after it."""
        after_state = advance(state, operation, app_label)
        if isinstance(operation, builtin.SeparateDatabaseAndState):
            # What happens in the database, and what only the state learns of, are two things.
            actual = state
            for part in operation.database_operations:
                actual = self._operation(part, app_label, actual, by)
            return after_state
        if isinstance(operation, builtin.AlterModelOptions):
            return after_state  # It may end our care for a table, and never drops it.
        before = self._tables(state, app_label)
        after = self._tables(after_state, app_label)
        named = _names(operation)
        for place in before.keys() | _renamed_back(after.keys(), operation):
            now = after.get(_renamed(place, operation))
            if before.get(place) != now or place[0] in named:
                self.changes.append(Change(before.get(place), now, by))
        return after_state

    def _tables(self, state: ProjectState, app_label: str) -> dict[Place, Table]:
        found: dict[Place, Table] = {}
        for (label, name), model in state.models.items():
            if label == app_label and self._is_ours(model):
                found.update(_tables_of(model, name, self.connection))
        return found

    def _is_ours(self, model: ModelState) -> bool:
        options = model.options
        return (
            bool(options.get("managed", True))
            and not options.get("proxy")
            and router.allow_migrate(
                self.connection.alias, model.app_label, model_name=model.name_lower
            )
        )

    def _note_apps(self) -> None:
        for label in {label for label, _ in self.state.models}:
            for table in self._tables(self.state, label).values():
                self.result.apps_of_tables[table.name] = label

    def _note_code(self, operation: Operation, by: str, app_labels: frozenset[str]) -> None:
        for part in _flattened(operation):
            if isinstance(part, builtin.RunSQL):
                sql = part.reverse_sql if self.plan.backwards else part.sql
                self.result.code.append(Code(by, app_labels, _sql_text(sql)))
            elif not type(part).__module__.startswith("django.") or isinstance(
                part, builtin.RunPython
            ):
                self.result.code.append(Code(by, app_labels, ""))
            elif type(part).__name__ == "AddConstraintNotValid":
                self.result.unvalidated.add(str(part.constraint.name))  # type: ignore[attr-defined]


def _flattened(operation: Operation) -> Iterator[Operation]:
    if isinstance(operation, builtin.SeparateDatabaseAndState):
        for part in operation.database_operations:
            yield from _flattened(part)
    else:
        yield operation


def _sql_text(sql: Any) -> str:
    """Return RunSQL's argument, a text or a list of texts and (text, parameters) pairs, as one text."""
    if sql is None:
        return ""
    if isinstance(sql, str):
        return sql
    return "\n".join(part if isinstance(part, str) else str(part[0]) for part in sql)


def _names(operation: Operation) -> set[str]:
    """The models that an operation names."""
    if isinstance(operation, builtin.RenameModel):
        return {operation.old_name.lower(), operation.new_name.lower()}
    name = getattr(operation, "model_name", None) or getattr(operation, "name", None)
    return {name.lower()} if isinstance(name, str) else set()


def _renamed(place: Place, operation: Operation) -> Place:
    """The place that a table has after an operation."""
    model, field = place
    if isinstance(operation, builtin.RenameModel) and model == operation.old_name.lower():
        return operation.new_name.lower(), field
    if isinstance(operation, builtin.RenameField) and model == operation.model_name.lower():
        return model, operation.new_name if field == operation.old_name else field
    return place


def _renamed_back(places: Any, operation: Operation) -> set[Place]:
    """The places that tables had before an operation."""
    back: set[Place] = set()
    for model, field in places:
        if isinstance(operation, builtin.RenameModel) and model == operation.new_name.lower():
            back.add((operation.old_name.lower(), field))
        elif (
            isinstance(operation, builtin.RenameField)
            and model == operation.model_name.lower()
            and field == operation.new_name
        ):
            back.add((model, operation.old_name))
        else:
            back.add((model, field))
    return back


def _tables_of(
    model: ModelState, name: str, connection: BaseDatabaseWrapper
) -> Mapping[Place, Table]:
    """The tables of one model, named as ``Options.contribute_to_class`` and ``ManyToManyField`` name them."""
    limit = connection.ops.max_name_length()
    own = str(model.options.get("db_table") or truncate_name(f"{model.app_label}_{name}", limit))
    columns: set[str] = set()
    found: dict[Place, Table] = {}
    for field_name, field in model.fields.items():
        if field.many_to_many:
            if getattr(field.remote_field, "through", None) is None:
                hidden = getattr(field, "db_table", None) or truncate_name(
                    f"{strip_quotes(own)}_{field_name}", limit
                )
                found[name, field_name] = Table(str(hidden), frozenset())
        else:
            suffix = "_id" if field.many_to_one or field.one_to_one else ""
            columns.add(field.db_column or f"{field_name}{suffix}")
    found[name, ""] = Table(own, frozenset(columns))
    return found
