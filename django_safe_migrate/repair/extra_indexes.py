"""
Indexes that no model asks for.

Somebody may have made one by hand, or by SQL of a migration, to be quick: they are told of, and one is dropped only by its own name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.index_repair import index_repair
from django_safe_migrate.exceptions import MigrationFailed
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.statements import shown
from django_safe_migrate.repair.facets import Facet, Kind
from django_safe_migrate.repair.problem import SCHEMA, Problem, Session, Ways, on_database
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from django.db.models import Model

    from django_safe_migrate.databases import Database
    from django_safe_migrate.repair.present import Present


@dataclasses.dataclass(frozen=True, slots=True)
class ExtraIndex:
    """One of them; ``columns`` without its expressions, ``is_constraint`` when it belongs to a unique constraint."""

    table: str
    name: str
    columns: tuple[str, ...]
    unique: bool
    is_constraint: bool

    @property
    def words(self) -> str:
        """The index with what it is of: ``unique index by_hand (number)``."""
        kind = "constraint" if self.is_constraint else "index"
        return f"{'unique ' if self.unique else ''}{kind} {self.name} ({', '.join(self.columns) or 'expressions'})"


def extra_indexes(
    model: type[Model], facets: Collection[Facet], present: Present, editor: Any
) -> tuple[ExtraIndex, ...]:
    """
    Return the indexes of a model's table that none of its facets accounts for.

    Args:
        model: of the expected state.
        facets: what it asks for.
        present: what the database has.
        editor: asked how Django would name indexes; it executes nothing.
    """
    table = model._meta.db_table
    if not present.has_table(table):
        return ()
    there = {
        name: found
        for name, found in present.constraints(table).items()
        # Where a constraint comes with its table only, it cannot be dropped either.
        if (found["index"] or (found["unique"] and editor.sql_create_fk))
        and not (found["primary_key"] or found["foreign_key"])
    }
    taken = {one.name.casefold() for one in facets if one.kind in {Kind.INDEX, Kind.CONSTRAINT}}
    left = {name: found for name, found in there.items() if name.casefold() not in taken}
    for name in _accounted_for(model, facets, left, editor):
        left.pop(name, None)
    return tuple(
        ExtraIndex(
            table,
            name,
            tuple(column for column in found["columns"] if column),
            bool(found["unique"]),
            not found["index"],
        )
        for name, found in sorted(left.items())
    )


def _accounted_for(
    model: type[Model],
    facets: Collection[Facet],
    left: dict[str, dict[str, Any]],
    editor: Any,
) -> Iterator[str]:
    """Yield the indexes that fields and foreign keys have, whatever their names."""
    for facet in facets:
        if facet.kind is Kind.UNIQUE:
            same = _of_columns(left, facet.columns, unique=True)
            yield from sorted(same, key=lambda name: bool(left[name]["index"]))[:1]
        elif facet.kind is Kind.FIELD_INDEX:
            own = _own_names(model, facet.columns[0], editor)
            same = _of_columns(left, facet.columns, unique=False)
            yield from sorted(same, key=lambda name: name not in own)[: int(facet.value)]
    indexed = {facet.columns for facet in facets if facet.kind is Kind.FIELD_INDEX}
    fields: Iterable[Any] = model._meta.local_concrete_fields
    for field in fields:
        column = (str(field.column),)
        # MariaDB and MySQL give a foreign key its index themselves.
        by_server = field.remote_field and field.db_index and column not in indexed
        if by_server or getattr(field, "spatial_index", False):
            yield from _of_columns(left, column, unique=False)


def _of_columns(
    left: dict[str, dict[str, Any]], columns: Iterable[str], *, unique: bool
) -> list[str]:
    wanted = [column.casefold() for column in columns]
    return [
        name
        for name, found in left.items()
        if bool(found["unique"]) is unique
        and [(column or "").casefold() for column in found["columns"]] == wanted
    ]


def _own_names(model: type[Model], column: str, editor: Any) -> set[str]:
    field = next(one for one in model._meta.local_concrete_fields if one.column == column)
    statements = editor._field_indexes_sql(model, field)
    return {str(statement.parts["name"]).strip('"`') for statement in statements}


# --- problems ---------------------------------------------------------------------------------------------------------------


def told(indexes: Collection[ExtraIndex], database: Database) -> Problem:
    """Return the notice about the indexes of one table."""
    one = next(iter(indexes))
    number = "An index" if len(indexes) == 1 else f"{len(indexes)} indexes"
    name = f"{one.table}.{one.name}"
    return Problem(
        action=SCHEMA,
        subject=one.table,
        found=f"{number} that no model asks for: {', '.join(each.words for each in indexes)}.",
        remedy="Nothing: made by hand or by SQL of a migration, it may be there to be quick. To drop one, name it.",
        next_command=f"migrate_repair --schema {name} --force --dry-run{on_database(database.alias)}",
        is_notice=True,
    )


def named(index: ExtraIndex, model: type[Model], database: Database, ways: Ways) -> Problem:
    """Return the problem of one index that was named, which is dropped with ``--force``."""
    name = f"{index.table}.{index.name}"
    sql = _drop(index, model, database)
    can = ways.force
    command = f"migrate_repair --schema {name} --force{on_database(database.alias)}"
    return Problem(
        action=SCHEMA,
        subject=name,
        found=f"No model asks for {index.words} of {index.table}.",
        remedy="Drop it. No row is lost; queries that use it become slower."
        if can
        else "Needs --force: queries that use it become slower.",
        statements=(sql,),
        next_command="" if can else command,
        repair=_dropping(index, sql) if can else None,
    )


def _drop(index: ExtraIndex, model: type[Model], database: Database) -> str:
    how = index_repair(database)
    if how is not None and not index.is_constraint and how.attachments(index.name) is None:
        return how.drop(index.name)
    editor: Any = database.connection.schema_editor(collect_sql=True)
    editor.deferred_sql = []
    if index.is_constraint:
        return str(editor._delete_constraint_sql(editor.sql_delete_unique, model, index.name))
    return str(editor._delete_index_sql(model, index.name))


def _dropping(index: ExtraIndex, sql: str) -> Callable[[Session], None]:
    def drop(session: Session) -> None:
        database, ways = session.database, session.ways
        with recorded(session, SCHEMA) as done:
            try:
                with (
                    database.timeouts(ways.lock_timeout, ways.statement_timeout),
                    database.relaxed_for(sql),
                    database.connection.cursor() as cursor,
                ):
                    cursor.execute(sql)
            except Exception as error:
                raise MigrationFailed(
                    f"Index {index.name} of {index.table} could not be dropped: {describe(error)}",
                    changed="No row was changed; the index is there, on PostgreSQL perhaps invalid.",
                    next_command=f"migrate_repair --dry-run{on_database(database.alias)}",
                ) from error
            done(f"{index.table}: {shown(sql)}")

    return drop
