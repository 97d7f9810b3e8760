"""Keeps what the operations of a run destroy, and puts back what was kept when they were carried out the other way."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate import events
from django_safe_migrate.analysis.changes import Change, TableCreated, TableRenamed
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.databases.side_tables import Values, side_tables
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.preservation.copying import Copying
from django_safe_migrate.preservation.declared import declared
from django_safe_migrate.preservation.losing import (
    Subject,
    brought_back,
    changes_of,
    destroyed,
    new_tables,
    only_adds,
)
from django_safe_migrate.preservation.registry import (
    BACKWARDS,
    CHANGED,
    COLUMN,
    FORWARDS,
    KEPT,
    MADE,
    OF_CODE,
    TABLE,
    Kept,
    Registry,
)
from django_safe_migrate.preservation.returning import (
    MADE_OF_IT,
    UNCHANGED,
    Returning,
    add_nullable_first,
)
from django_safe_migrate.preservation.wording import number

if TYPE_CHECKING:
    from django_safe_migrate.conf import PreserveSettings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit
    from django_safe_migrate.execution.keeping import Undertaking
    from django_safe_migrate.plan import Plan

#: What can be put back: the copy is whole.
_WHOLE = (MADE, KEPT)


class Keeper:
    """The ``Keeping`` of one run."""

    def __init__(
        self, database: Database, settings: PreserveSettings, emit: Emit, plan: Plan, run_id: str
    ) -> None:
        self._database = database
        self._settings = settings
        self._emit = emit
        self._registry = Registry(database.connection)
        self._sides = side_tables(database)
        self._copying = Copying(database, settings, self._registry, run_id)
        self._returning = Returning(database, self._registry, emit)
        self._before_code = set(_before_code(plan))
        self._has_registry: bool | None = None
        #: What the operation under way has kept, and what is to be said once it is over.
        self._pending: list[Kept] = []
        self._told: set[str] = set()
        #: Tables that this run has made: what is in them is what its own code wrote there.
        self._new: set[str] = set()

    # --- keeping --------------------------------------------------------------------------------------------------------------

    def keep(self, undertaking: Undertaking) -> None:
        """Keep what the operation is about to destroy, or say why that is not kept."""
        self._pending = []
        if only_adds(undertaking):
            self._new.update(new_tables(undertaking))
            return
        schema = self._schema()
        found = changes_of(undertaking, schema)
        self._follow(found)
        for subject in destroyed(found, self._database.vendor):
            self._keep(undertaking, subject)
        if not undertaking.backwards:
            of_code = declared(
                undertaking.migration, undertaking.operation, undertaking.before, schema
            )
            for subject in of_code:
                self._keep(undertaking, subject)
        for kept in self._found(undertaking, CHANGED):
            self._note_unchanged(kept)

    def _follow(self, found: Iterable[Change]) -> None:
        """Know the tables of this run under the names that they get."""
        for change in found:
            if isinstance(change, TableCreated):
                self._new.add(change.table)
            elif isinstance(change, TableRenamed) and change.table in self._new:
                self._new.add(change.new_table)

    def _keep(self, undertaking: Undertaking, subject: Subject) -> None:
        if subject.table in self._new:
            return
        kept, reason = self._copying.copy(undertaking, subject)
        if kept is not None:
            self._has_registry = True
            self._pending.append(kept)
        elif reason and self._settings.enabled:
            self._say_once(f"{subject.words[0].upper()}{subject.words[1:]} is not kept: {reason}.")

    def _note_unchanged(self, kept: Kept) -> None:
        """Note which rows still hold what a change of type made of them, as long as they can be compared."""
        values = Values(kept.table, kept.columns[-1], kept.name, kept.keys)
        self._sides.drop(kept.name + UNCHANGED)
        self._sides.copy_unchanged(values, kept.name + MADE_OF_IT, kept.name + UNCHANGED)

    # --- the operation --------------------------------------------------------------------------------------------------------

    def carry_out(self, undertaking: Undertaking, operation: Callable[[], Any]) -> Any:
        """Carry the operation out; a column that could not be added without its values gets them before it is made NOT NULL."""
        kept = self._needed_at_once(undertaking)
        if kept is None:
            return operation()
        add_nullable_first(undertaking, lambda apps: self._returning.put_back(kept, apps))
        return None

    def _needed_at_once(self, undertaking: Undertaking) -> Kept | None:
        """What was kept of a NOT NULL column without a default, when every row of the table has a value there."""
        if not (
            undertaking.backwards
            and isinstance(undertaking.operation, operations.RemoveField)
            and self._knows_anything()
        ):
            return None
        changes = changes_of(undertaking, self._schema())
        needed = {
            one.key
            for one in brought_back(changes)
            if one.column is not None and one.column.needs_empty_table
        }
        for kept in self._found(undertaking, (COLUMN,)):
            there = kept.subject in needed and kept.table in self._database.tables()
            if there and not self._sides.count_missing(kept.table, kept.name, kept.keys):
                return kept
        return None

    # --- putting back ---------------------------------------------------------------------------------------------------------

    def put_back(self, undertaking: Undertaking) -> None:
        """Say what the operation has destroyed and is kept, then put back what it has made anew."""
        for kept in self._pending:
            if kept.kind in CHANGED | OF_CODE:
                self._copying.copy_result(kept)
            self._registry.update(kept, state=KEPT, rows=kept.rows)
            self._say_once(
                f"Kept {kept.what} with {number(kept.rows, 'row', 'rows')} in {kept.name} until {kept.keep_until[:10]}."
            )
        self._pending = []
        if not self._knows_anything():
            return
        changes = changes_of(undertaking, self._schema())
        made = {subject.key for subject in brought_back(changes)}
        apps = None
        for kept in self._found(undertaking):
            if (kept.subject in made or kept.kind in OF_CODE) and not self._is_for_later(kept):
                apps = (
                    apps
                    or (undertaking.before if undertaking.backwards else undertaking.after).apps
                )
                self._returning.put_back(kept, apps)
                # From here on it has rows that are not this run's own.
                self._new.discard(kept.table)

    def finish(self, plan: Plan, state: Any) -> None:
        """Put back, after a plan, what was left for later and what a run that was killed has not put back."""
        for step in plan.steps if self._knows_anything() else ():
            self.finish_step(step.app_label, step.name, state, backwards=step.backwards)

    def finish_step(self, app_label: str, name: str, state: Any, *, backwards: bool) -> None:
        """The same for one migration that is carried out by now, whoever did it; that this fails is said, and fails nothing."""
        direction = FORWARDS if backwards else BACKWARDS
        try:
            if not self._knows_anything():
                return
            for kept in self._registry.newest(app_label, name, direction, _WHOLE):
                if kept.kind in {COLUMN, TABLE}:
                    self._returning.put_back(kept, state.apps)
        except (DatabaseError, InterfaceError) as error:
            self._say_once(
                f"Not everything that was kept could be put back; migrate_backup list shows it: {describe(error)}"
            )

    def _is_for_later(self, kept: Kept) -> bool:
        """Whether code of the plan may fill a table that has come back: its rows come first, and no kept row is put over them."""
        return kept.kind == TABLE and (kept.app_label, kept.migration) in self._before_code

    def _found(self, undertaking: Undertaking, kinds: Container[str] | None = None) -> list[Kept]:
        """What was kept when the operation's migration was carried out the other way."""
        if not self._knows_anything():
            return []
        migration = undertaking.migration
        direction = FORWARDS if undertaking.backwards else BACKWARDS
        found = self._registry.newest(migration.app_label, migration.name, direction, _WHOLE)
        return [
            one
            for one in found
            if (kinds is None or one.kind in kinds)
            and (one.kind not in OF_CODE or one.operation == undertaking.place)
            # Without what was made of it, nobody knows what was changed since.
            and (one.kind not in CHANGED | OF_CODE or one.state == KEPT)
        ]

    def _knows_anything(self) -> bool:
        """Whether anything was ever kept in this database; asked once, since most runs have nothing to do with it."""
        if self._has_registry is None:
            self._has_registry = self._registry.exists()
        return self._has_registry

    # --- parts ----------------------------------------------------------------------------------------------------------------

    def _schema(self) -> Schema:
        return Schema(self._database.connection, live=True)

    def _say_once(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            self._emit(events.NOTICE, message=words)


def _before_code(plan: Plan) -> Iterator[tuple[str, str]]:
    """The migrations that a plan forwards applies before, or together with, code of the project."""
    if plan.backwards:
        return
    waiting: list[tuple[str, str]] = []
    for step in plan.steps:
        waiting.append((step.app_label, step.name))
        if any(
            isinstance(one.operation, operations.RunPython | operations.RunSQL)
            for one in step.operations
        ):
            yield from waiting
            waiting = []
