"""Putting back what was kept: by key, into rows that are there, and never over what was written meanwhile."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.management.color import no_style
from django.db import transaction
from django.db.migrations import operations
from django.db.models import NOT_PROVIDED
from django.db.utils import DatabaseError

from django_safe_migrate import events
from django_safe_migrate.databases.side_tables import Reference, Values, side_tables
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.preservation.registry import (
    CHANGED,
    OF_CODE,
    RETURNED,
    WHOLE_ROWS,
    Kept,
    Registry,
)
from django_safe_migrate.preservation.wording import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Field, Model

    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit
    from django_safe_migrate.execution.keeping import Undertaking

#: Names a table of the keys of rows that still hold what a change of type made of them.
UNCHANGED = "_same"
#: Names a table of what a change of type made of the values.
MADE_OF_IT = "_made"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """How many rows were put back, and what became of the others."""

    back: int
    gone: int
    added: int
    untouched: int

    @property
    def words(self) -> str:
        """A clause for each number that is not zero, after those that are back."""
        clauses = [
            (self.gone, "row is gone", "rows are gone"),
            (
                self.untouched,
                "row was left as it is, since it was written meanwhile or what it refers to is gone",
                "rows were left as they are, since they were written meanwhile or what they refer to is gone",
            ),
            (
                self.added,
                "row was added since and has no kept value",
                "rows were added since and have no kept values",
            ),
        ]
        return "; ".join(number(count, one, many) for count, one, many in clauses if count)


class Returning:
    """Puts the content of side tables back."""

    def __init__(self, database: Database, registry: Registry, emit: Emit) -> None:
        self._database = database
        self._registry = registry
        self._emit = emit
        self._sides = side_tables(database)
        #: Not tried again in this run.
        self._failed: set[int] = set()

    def put_back(self, kept: Kept, apps: Any) -> None:
        """
        Put a side table's content back, and say what became of it; what cannot be put back stays kept, and fails nothing.

        ``apps`` are those of the state that the database is in.
        """
        model = model_of(apps, kept.table)
        if kept.pk in self._failed or model is None or kept.table not in self._database.tables():
            return
        # Where the operation is in the transaction that is open, nobody else has seen what it made.
        unseen = self._database.can_rollback_ddl and self._database.connection.in_atomic_block
        try:
            with transaction.atomic(self._database.alias):
                outcome = (
                    self._rows(kept, model)
                    if kept.kind in WHOLE_ROWS
                    else self._values(kept, model, unseen=unseen)
                )
                words = f"Put back {number(outcome.back, 'row', 'rows')} of {kept.what}"
                if outcome.words:
                    words += f"; {outcome.words}"
                self._registry.end(kept, RETURNED, outcome=words)
        except DatabaseError as error:
            if self._database.is_connection_error(error):
                raise
            self._failed.add(kept.pk)
            self._emit(
                events.NOTICE,
                message=f"What was kept of {kept.what} could not be put back and stays in {kept.name} until {kept.keep_until[:10]}: {describe(error)}",
            )
            return
        if kept.kind in CHANGED:
            # Not before the end of the transaction: where this commits by itself, it would end it.
            self._sides.drop(kept.name + UNCHANGED)
        self._emit(
            events.NOTICE,
            message=f"{words}. The copy stays in {kept.name} until {kept.keep_until[:10]}.",
        )

    def _values(self, kept: Kept, model: type[Model], *, unseen: bool) -> Outcome:
        column = kept.columns[-1]
        field = next(one for one in model._meta.local_concrete_fields if one.column == column)
        values = Values(
            table=kept.table,
            column=column,
            side=kept.name,
            keys=kept.keys,
            reference=next((one for one in _references(model) if one.column == column), None),
            same=kept.name + UNCHANGED if kept.kind in CHANGED else "",
        )
        gone = self._sides.count_missing(kept.name, kept.table, kept.keys)
        added = self._sides.count_missing(kept.table, kept.name, kept.keys)
        condition, params = ("", ()) if values.same or unseen else self._untouched(field)
        back = self._sides.put_values(values, condition, params)
        self._sides.settle()
        return Outcome(back, gone, added, max(kept.rows - gone - back, 0))

    def _untouched(self, field: Field[Any, Any]) -> tuple[str, tuple[Any, ...]]:
        """The condition that a row still has what it was given when the column was added, where others may have written to it since."""
        connection = self._database.connection
        column = f"t.{connection.ops.quote_name(str(field.column))}"
        if field.db_default is not NOT_PROVIDED:
            return "", ()
        if not field.has_default():
            return (f"{column} IS NULL", ()) if field.null else ("", ())
        default: Any = field.default
        if isinstance(default, bool | int | str):
            return f"{column} = %s", (field.get_db_prep_save(default, connection),)
        return "", ()

    def _rows(self, kept: Kept, model: type[Model]) -> Outcome:
        own = [str(one.column) for one in model._meta.local_concrete_fields if not one.generated]
        present = set(kept.columns)
        added = self._sides.count_missing(kept.table, kept.name, kept.keys) if kept.keys else 0
        there = kept.rows
        if kept.kind in OF_CODE:
            # Only what the code has deleted comes back, and not what was deleted since.
            there = self._sides.count_missing(kept.name, kept.name + MADE_OF_IT, kept.keys)
        back = self._sides.put_rows(
            kept.table,
            [one for one in own if one in present],
            kept.name,
            kept.keys,
            _references(model),
            without=kept.name + MADE_OF_IT if kept.kind in OF_CODE else "",
        )
        self._sides.settle()
        statements = self._database.connection.ops.sequence_reset_sql(no_style(), [model])
        with self._database.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return Outcome(back, 0, added, max(there - back, 0))


def model_of(apps: Any, table: str) -> type[Model] | None:
    """Return the model of a table, with the hidden ones of many-to-many fields."""
    models = apps.get_models(include_auto_created=True)
    return next((one for one in models if one._meta.db_table == table), None)


def _references(model: type[Model]) -> Iterator[Reference]:
    for field in model._meta.local_concrete_fields:
        relation: Any = field
        if getattr(relation, "db_constraint", False) and relation.remote_field:
            yield Reference(
                relation.column,
                relation.related_model._meta.db_table,
                relation.target_field.column,
            )


def add_nullable_first(undertaking: Undertaking, put_back: Callable[[Any], None]) -> None:
    """
    Undo ``RemoveField`` of a column that is NOT NULL and has no default: add it nullable, put its values back, then make it NOT NULL.

    ``put_back`` is given the apps of the state in which the column is nullable.
    """
    operation: Any = undertaking.operation
    app_label, editor = undertaking.migration.app_label, undertaking.editor
    model_name, name = operation.model_name, operation.name
    field = undertaking.before.models[app_label, model_name.lower()].fields[name]
    nullable = field.clone()
    nullable.null = True
    between = undertaking.after.clone()
    adding = operations.AddField(model_name, name, nullable)
    adding.state_forwards(app_label, between)
    adding.database_forwards(app_label, editor, undertaking.after, between)
    put_back(between.apps)
    altering = operations.AlterField(model_name, name, field.clone())
    altering.database_forwards(app_label, editor, between, undertaking.before)
