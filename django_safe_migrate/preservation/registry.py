"""
The registry of side tables: a table in the same database, made when something is kept for the first time.

Like Django's own record of migrations it has no migration: it has to be where the side tables are, whichever database that is, and
what is kept must be found when the history is gone or elsewhere. The name begins with the prefix of our tables, which verification
and reports leave out.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.apps.registry import Apps
from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Every table of this package's that holds data of the project begins so.
PREFIX = "django_safe_migrate_kept_"

FORWARDS, BACKWARDS = "forwards", "backwards"

#: What is kept: one column that was dropped, a table, one column whose type was changed.
COLUMN, TABLE, TYPE = "column", "table", "type"
#: Of what code changes: the values of a column, the rows of a table.
VALUES, ROWS = "values", "rows"
#: Copies of every column.
WHOLE_ROWS = frozenset({TABLE, ROWS})
#: Copies of what is changed and not dropped, which are compared with what was made of it.
CHANGED = frozenset({TYPE, VALUES})
#: Copies that belong to one operation: another one of the same migration may change the same.
OF_CODE = frozenset({VALUES, ROWS})

#: How far it came: the copy is being made; it is made; what it was made of is destroyed.
MAKING, MADE, KEPT = "making", "made", "kept"
#: What became of it: put back; dropped since another copy took its place, or for its age.
RETURNED, REPLACED, PRUNED = "returned", "replaced", "pruned"


class Kept(models.Model):
    """
    One side table.

    ``column_names`` and ``key_columns`` are JSON lists, ``outcome`` says in numbers what putting it back did. Moments are ISO 8601 in UTC.
    """

    name = models.CharField(max_length=63)
    run_id = models.CharField(max_length=36)
    app_label = models.CharField(max_length=255)
    migration = models.CharField(max_length=255)
    direction = models.CharField(max_length=20)
    operation = models.IntegerField()
    kind = models.CharField(max_length=20)
    table = models.CharField(max_length=255, db_column="table_name")
    # Texts, since not every database that Django runs on has JSON.
    column_names = models.TextField()
    key_columns = models.TextField()
    rows = models.BigIntegerField(default=0, db_column="row_count")
    state = models.CharField(max_length=20, default=MAKING)
    created_at = models.CharField(max_length=32)
    keep_until = models.CharField(max_length=32)
    ended_at = models.CharField(max_length=32, default="")
    outcome = models.TextField(default="")

    class Meta:
        apps = Apps()
        app_label = "django_safe_migrate"
        db_table = "django_safe_migrate_kept"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are kept, without the keys unless it is a whole table."""
        return tuple(json.loads(self.column_names))

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(json.loads(self.key_columns))

    @property
    def subject(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        """What it is a copy of."""
        place = (str(self.operation),) if self.kind in OF_CODE else ()
        return self.kind, self.table, () if self.kind in WHOLE_ROWS else self.columns, place

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.app_label}.{self.migration}"

    @property
    def what(self) -> str:
        """What is kept, such as ``column note of shop_order``."""
        if self.kind in WHOLE_ROWS:
            return f"table {self.table}"
        return f"column {self.columns[-1]} of {self.table}"

    @property
    def is_there(self) -> bool:
        """Whether the side table still exists, as far as the registry knows."""
        return self.state not in {REPLACED, PRUNED}


class Registry:
    """Reads and writes the registry of one database."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._exists: bool | None = None

    def exists(self) -> bool:
        """Whether anything was ever kept here."""
        if not self._exists:
            with self._connection.cursor() as cursor:
                tables = self._connection.introspection.table_names(cursor)
            self._exists = Kept._meta.db_table in tables
        return self._exists

    def ensure(self, editor: Any) -> None:
        """Make the registry if it is not there; a transaction that is rolled back may have taken it away again."""
        self._exists = None
        if not self.exists():
            editor.create_model(Kept)

    def rows(self, **conditions: Any) -> list[Kept]:
        """Return entries, oldest first."""
        if not self.exists():
            return []
        return list(self._all().filter(**conditions))

    def newest(
        self, app_label: str, migration: str, direction: str, states: Iterable[str]
    ) -> list[Kept]:
        """
        Return what a migration destroyed in this direction and was not put back, only the newest copy of each column and table.

        What was destroyed last comes first: it is what the others refer to.
        """
        found = self.rows(
            app_label=app_label, migration=migration, direction=direction, state__in=tuple(states)
        )
        newest = {one.subject: one for one in found}
        return sorted(newest.values(), key=lambda one: -one.pk)

    def add(self, kept: Kept) -> None:
        """Enter a side table that is about to be made."""
        kept.save(using=self._connection.alias, force_insert=True)

    def update(self, kept: Kept, **values: Any) -> None:
        """Change an entry."""
        for name, value in values.items():
            setattr(kept, name, value)
        self._all().filter(pk=kept.pk).update(**values)

    def end(self, kept: Kept, state: str, **values: Any) -> None:
        """Say what became of a side table."""
        self.update(kept, state=state, ended_at=now(), **values)

    def _all(self) -> models.QuerySet[Kept]:
        return Kept._default_manager.using(self._connection.alias)


def new_name() -> str:
    """Return a name for a side table, within the limits on names of every vendor."""
    return PREFIX + secrets.token_hex(6)


def now(*, plus: float = 0.0) -> str:
    """Return the present moment, or so many seconds later."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=plus)
    return moment.isoformat(timespec="seconds")
