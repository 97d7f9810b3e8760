"""Write rows into the tables as they are now, whichever release of the shop the database is at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps.registry import Apps
from django.core.management.color import no_style
from django.db import connections, models, reset_queries
from django.db.migrations.loader import MigrationLoader
from django.db.models import Max

BATCH = 5000


class TablesMissing(Exception):
    """The database has not been migrated as far as the shop's first release."""


def apps_as_migrated(alias: str) -> Apps:
    """
    Give the models that fit the applied migrations, which between two releases are not those of models.py.

    Inserting through models.py before its migrations ran fails on columns that do not exist yet.
    """
    loader = MigrationLoader(connections[alias])
    applied = [node for node in loader.graph.nodes if node in loader.applied_migrations]
    return loader.project_state(applied).apps


def open_tables(labels: Iterable[str], apps: Apps, alias: str) -> dict[str, Table]:
    try:
        return {label: Table(apps.get_model(label), alias) for label in labels}
    except LookupError as error:
        raise TablesMissing(str(error)) from error


class Table:
    """One table: knows the next free primary key, keeps what has a column, and inserts in batches."""

    def __init__(self, model: type[models.Model], alias: str) -> None:
        self.model = model
        self.alias = alias
        self.columns = {field.attname: field for field in model._meta.concrete_fields}
        highest = model._base_manager.using(alias).aggregate(highest=Max("pk"))["highest"]
        self.next_pk: int = (highest or 0) + 1
        self.written = 0

    def accepts_null(self, column: str) -> bool:
        return column in self.columns and self.columns[column].null

    def insert(self, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows that bring their primary keys; values without a column in this release are left out."""
        known = self.columns
        objects = [
            self.model(**{name: value for name, value in row.items() if name in known})
            for row in rows
        ]
        self.model._base_manager.using(self.alias).bulk_create(objects, batch_size=BATCH)
        self.written += len(objects)
        reset_queries()  # With DEBUG on, Django would keep the text of these long statements.


def move_sequences_past(tables: Iterable[Table], alias: str) -> None:
    """Tell the database that the explicit primary keys are taken; only PostgreSQL has to be told."""
    connection = connections[alias]
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in tables])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
