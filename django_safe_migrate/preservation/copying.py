"""Making the copies of what is about to be destroyed, and entering them into the registry."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.utils import DatabaseError

from django_safe_migrate.databases.side_tables import side_tables
from django_safe_migrate.exceptions import MigrationFailed
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.preservation.policy import judge
from django_safe_migrate.preservation.registry import (
    BACKWARDS,
    FORWARDS,
    MADE,
    MAKING,
    REPLACED,
    WHOLE_ROWS,
    Kept,
    Registry,
    new_name,
    now,
)
from django_safe_migrate.preservation.returning import MADE_OF_IT

if TYPE_CHECKING:
    from django_safe_migrate.conf import PreserveSettings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.keeping import Undertaking
    from django_safe_migrate.preservation.losing import Subject
    from django_safe_migrate.preservation.policy import Verdict


class Copying:
    """Copies subjects into side tables, as far as the settings allow it."""

    def __init__(
        self, database: Database, settings: PreserveSettings, registry: Registry, run_id: str
    ) -> None:
        self._database = database
        self._settings = settings
        self._registry = registry
        self._run_id = run_id
        self._sides = side_tables(database)

    def copy(self, undertaking: Undertaking, subject: Subject) -> tuple[Kept | None, str]:
        """
        Copy what an operation is about to destroy; return the entry, or None and the reason why there is none.

        The reason is empty where nothing is lost.

        Raises:
            MigrationFailed: the copy failed; nothing was destroyed.
        """
        with self._own_transaction():
            if '"' not in subject.table and subject.table in self._database.tables():
                self._sides.lock(subject.table)
            verdict = judge(self._database, self._settings, subject)
            if not verdict.is_kept:
                return None, verdict.reason
            kept = self._entry(undertaking, subject, verdict)
            try:
                self._make(undertaking, kept)
            except DatabaseError as error:
                if self._database.is_lock_error(error) or self._database.is_connection_error(error):
                    raise
                raise MigrationFailed(
                    f"{subject.words[0].upper()}{subject.words[1:]} could not be kept, so it was left as it is: {describe(error)}. "
                    "To go on without keeping anything: SAFE_MIGRATE['PRESERVE'] = False."
                ) from error
        return kept, ""

    def copy_result(self, kept: Kept) -> None:
        """Copy what an operation has made of kept values, so that it can be told later whether somebody changed them."""
        columns = kept.keys if kept.kind in WHOLE_ROWS else (*kept.keys, *kept.columns)
        self._sides.copy(kept.table, columns, kept.name + MADE_OF_IT, kept.keys)

    def _make(self, undertaking: Undertaking, kept: Kept) -> None:
        self._registry.ensure(undertaking.editor)
        self._registry.add(kept)
        columns = kept.columns if kept.kind in WHOLE_ROWS else (*kept.keys, *kept.columns)
        self._sides.copy(kept.table, columns, kept.name, kept.keys)
        rows = self._database.count_rows(kept.name)
        self._registry.update(kept, rows=rows, state=MADE)
        self._replace_earlier(kept)

    def _entry(self, undertaking: Undertaking, subject: Subject, verdict: Verdict) -> Kept:
        return Kept(
            name=new_name(),
            run_id=self._run_id,
            app_label=undertaking.migration.app_label,
            migration=undertaking.migration.name,
            direction=BACKWARDS if undertaking.backwards else FORWARDS,
            operation=undertaking.place,
            kind=subject.kind,
            table=subject.table,
            column_names=json.dumps(verdict.columns),
            key_columns=json.dumps(verdict.keys),
            created_at=now(),
            keep_until=now(plus=self._settings.keep_for),
        )

    def _replace_earlier(self, kept: Kept) -> None:
        """Drop the copies of runs that were killed before they destroyed anything: what they are of was still there just now."""
        for one in self._registry.rows(
            app_label=kept.app_label,
            migration=kept.migration,
            direction=kept.direction,
            state__in=(MAKING, MADE),
        ):
            if one.pk != kept.pk and one.subject == kept.subject:
                for name in (one.name, one.name + MADE_OF_IT):
                    self._sides.drop(name)
                self._registry.end(one, REPLACED)

    def _own_transaction(self) -> Any:
        """A transaction for the copy, where there is none and it can hold changes of the schema."""
        if self._database.connection.in_atomic_block or not self._database.can_rollback_ddl:
            return nullcontext()
        return transaction.atomic(self._database.alias)
