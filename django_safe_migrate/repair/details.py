"""
What tables have that is there and otherwise: indexes and constraints under their name, defaults, comments.

A half-done migration is not placed by these: a server may write the same in another way than it did years ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, FieldError

from django_safe_migrate.databases.drafts import SHADOW, Draft, drafts_of
from django_safe_migrate.repair.facets import Facet, Kind, has_db_default

if TYPE_CHECKING:
    from django.db.models import Model

    from django_safe_migrate.databases import Database
    from django_safe_migrate.repair.present import Present


class Details:
    """
    Compares the details of tables that are there.

    Args:
        database: that is compared.
        present: what it has.
    """

    def __init__(self, database: Database, present: Present) -> None:
        self._present = present
        self._connection = database.connection
        self._drafts = drafts_of(database)
        # Asked what it would write; it is never entered.
        self._editor: Any = self._connection.schema_editor(collect_sql=True)

    def differing(self, model: type[Model], missing: Iterable[Facet]) -> Iterator[Facet]:
        """Yield what differs of a model's table; of what is ``missing`` nothing is said again."""
        table = model._meta.db_table
        missing = tuple(missing)
        lacking = {(one.kind, one.columns or one.name) for one in missing}
        fields = {
            str(field.column): field
            for field in model._meta.local_concrete_fields
            if self._present.has_column(table, str(field.column))
        }
        names = {one.name for one in missing}
        wanted = [
            *self._defaults(table, fields, {key for kind, key in lacking if kind is Kind.DEFAULT}),
            *(draft for draft in self._named(model) if draft.name not in names),
        ]
        for draft in self._drafts.differing(table, wanted):
            if draft.column:
                yield Facet(Kind.DEFAULT_VALUE, table, (draft.column,), value=_shown(draft))
            else:
                yield Facet(Kind.DEFINITION, table, name=draft.name)
        if self._connection.features.supports_comments:
            yield from self._comments(model, fields)

    def _comments(self, model: type[Model], fields: dict[str, Any]) -> Iterator[Facet]:
        """A comment that no model asks for may be somebody's own, and is left alone."""
        table = model._meta.db_table
        wanted = model._meta.db_table_comment
        if wanted and self._present.comment_of(table) != wanted:
            yield Facet(Kind.COMMENT, table, value=wanted)
        for column, field in fields.items():
            if field.db_comment and self._present.comment_of(table, column) != field.db_comment:
                yield Facet(Kind.COMMENT, table, (column,), value=field.db_comment)

    def _defaults(self, table: str, fields: dict[str, Any], lacking: set[Any]) -> Iterator[Draft]:
        if not self._present.knows_columns:
            return
        for column, field in fields.items():
            if has_db_default(field) and (column,) not in lacking:
                sql, params = self._editor.db_default_sql(field)
                yield Draft(str(sql), column=column, params=tuple(params))

    def _named(self, model: type[Model]) -> Iterator[Draft]:
        table = model._meta.db_table
        for one in (*model._meta.indexes, *model._meta.constraints):
            if not self._is_there(table, one.name):
                continue
            try:
                statement = one.create_sql(model, self._editor)
            except (FieldDoesNotExist, FieldError):
                # One that names a field by its old name, as ``RenameField`` leaves it in Django's state.
                continue
            if not hasattr(statement, "rename_table_references"):
                continue
            statement.rename_table_references(table, SHADOW)
            sql = str(statement)
            quote = self._connection.ops.quote_name
            # Whatever writes its table's name as text would be made of that table.
            if quote(SHADOW) in sql and quote(table) not in sql:
                yield Draft(sql, name=one.name)

    def _is_there(self, table: str, name: str) -> bool:
        return name.casefold() in {one.casefold() for one in self._present.constraints(table)}


def _shown(draft: Draft) -> str:
    """The expression with its values, for people."""
    return draft.sql % tuple(map(repr, draft.params)) if draft.params else draft.sql
