"""Bringing tables back to what the applied migrations made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import MigrationFailed, UnsafePlan
from django_safe_migrate.execution.editing import schema_editor
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.statements import shown
from django_safe_migrate.repair import extra_indexes
from django_safe_migrate.repair.drift import Drift, Schema
from django_safe_migrate.repair.facets import Kind
from django_safe_migrate.repair.problem import SCHEMA, Problem, Session, Ways, on_database
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database


def find_drift(
    database: Database, schema: Schema, ways: Ways, *, without: Collection[str]
) -> Iterator[Problem]:
    """
    Yield the tables that differ from the expected schema, and what they have of indexes that no model asks for.

    Args:
        database: that is compared.
        schema: what the applied migrations add up to.
        ways: which tables are meant, and whether data may go.
        without: tables that a half-done migration is about, which are another problem.

    Raises:
        UnsafePlan: a table was named that no applied migration has made, or an index that is not there or that a model asks for.
    """
    indexes = [name for name in ways.tables if name not in schema.tables]
    found = [_named_index(database, schema, name, ways) for name in indexes]
    tables = [name for name in ways.tables if name in schema.tables]
    if tables or not indexes:
        for drift in schema.drifts(tables, without=without):
            yield _problem(schema, drift, ways)
        for table in sorted(schema.tables.difference(without)):
            if (not tables or table in tables) and (extra := schema.extra_indexes(table)):
                yield extra_indexes.told(extra, database)
    yield from found


def _named_index(database: Database, schema: Schema, name: str, ways: Ways) -> Problem:
    """Return the problem of an index that was named as ``table.index``."""
    table, _, index = name.rpartition(".")
    every = f"migrate_repair --schema --dry-run{on_database(database.alias)}   (shows every table that differs)"
    if table not in schema.tables:
        raise UnsafePlan(
            f"--schema {name}: no applied migration has made this table.", next_command=every
        )
    for one in schema.extra_indexes(table):
        if one.name == index:
            return extra_indexes.named(one, schema.model_of(table), database, ways)
    raise UnsafePlan(
        f"--schema {name}: table {table} has no such index, or a model asks for it.",
        next_command=every,
    )


def _problem(schema: Schema, drift: Drift, ways: Ways) -> Problem:
    found = _found(drift)
    drop = ways.force and bool(drift.extra)
    try:
        statements = schema.statements(drift, drop=drop)
    except Exception as error:  # whatever the schema editor raises is the reason that we give
        return _cannot(drift, found, f"Django cannot write the statements: {describe(error)}", ways)
    remakes = schema.remakes(drift, statements)
    if remakes and sum(facet.kind is Kind.COLUMN for facet in drift.missing) > 1:
        reason = "Nothing by itself: the rows would be copied to a new table, and more than one column is missing in the old one"
        return _cannot(
            drift, found, reason, ways, next_command="dbshell   (add all but one of them)"
        )
    lost = schema.lost_with(drift) if drift.extra and (drop or remakes) else ()
    losses = (*drift.losses, *lost)
    if losses and not ways.force:
        with_force = f"migrate_repair --schema {drift.table} --force{on_database(ways.database)}   (loses this data)"
        reason = f"Needs --force, since data would be lost: {'; '.join(losses)}."
        return _cannot(drift, found, reason, ways, statements, losses, with_force)
    if not statements:
        kept = ", ".join(drift.extra)
        reason = f"Nothing: no migration knows {kept}, and what holds data stays. To drop it, add --force."
        return _cannot(drift, found, reason, ways, losses=schema.lost_with(drift))
    kept = "" if drop or not drift.extra else f" Column {', '.join(drift.extra)} stays."
    return Problem(
        action=SCHEMA,
        subject=drift.table,
        found=found,
        remedy=f"Execute {len(statements)} statement{'' if len(statements) == 1 else 's'} of the schema editor.{kept}",
        statements=statements,
        losses=losses,
        repair=lambda session: _mend(session, drift, statements, drop, bool(losses)),
    )


def _cannot(
    drift: Drift,
    found: str,
    reason: str,
    ways: Ways,
    statements: tuple[str, ...] = (),
    losses: tuple[str, ...] = (),
    next_command: str = "",
) -> Problem:
    return Problem(
        action=SCHEMA,
        subject=drift.table,
        found=found,
        remedy=reason if reason.endswith(".") else f"{reason}.",
        statements=statements,
        losses=losses,
        next_command=next_command
        or f"migrate_repair --schema {drift.table} --force --dry-run{on_database(ways.database)}",
    )


def _found(drift: Drift) -> str:
    said = []
    if drift.missing:
        said.append(f"Missing: {', '.join(facet.words for facet in drift.missing)}.")
    if drift.extra:
        said.append(f"Not of any migration: column {', '.join(drift.extra)}.")
    if drift.tight:
        said.append(f"NOT NULL where NULL is allowed: {', '.join(drift.tight)}.")
    return " ".join(said)


def _mend(
    session: Session, drift: Drift, statements: tuple[str, ...], drop: bool, loses: bool
) -> None:
    database, ways = session.database, session.ways
    schema = Schema(database, SafeMigrationExecutor(database.connection).current_state())
    fresh = next(iter(schema.drifts((drift.table,))), None)
    if fresh is None or schema.statements(fresh, drop=drop) != statements:
        raise UnsafePlan(
            f"Table {drift.table} is not as it was when it was looked at: somebody changed it meanwhile.",
            next_command=f"migrate_repair --schema {drift.table}{on_database(ways.database)}",
        )
    needs_backup = ways.backup == "always" or (ways.backup == "destructive" and loses)
    with recorded(session, SCHEMA, backup=needs_backup) as done:
        try:
            with (
                database.timeouts(ways.lock_timeout, ways.statement_timeout),
                schema_editor(database.connection, atomic=True) as editor,
            ):
                schema.mend(fresh, editor, drop=drop)
        except Exception as error:
            raise _failed(database, drift, error) from error
        for statement in statements:
            done(f"{drift.table}: {shown(statement)}")
        _ensure_mended(database, drift, drop)


def _ensure_mended(database: Database, drift: Drift, drop: bool) -> None:
    schema = Schema(database, SafeMigrationExecutor(database.connection).current_state())
    left = next(iter(schema.drifts((drift.table,))), None)
    if left is not None and (left.missing or left.tight or (drop and left.extra)):
        raise MigrationFailed(
            f"Table {drift.table} still differs after its statements were executed. {_found(left)}",
            changed=f"Table {drift.table} was changed: the statements above were executed.",
            next_command=f"migrate_repair --schema {drift.table} --dry-run{on_database(database.alias)}",
        )


def _failed(database: Database, drift: Drift, error: Exception) -> MigrationFailed:
    changed = (
        "The database was not changed: the statements were rolled back."
        if database.can_rollback_ddl
        else f"Table {drift.table} may be changed in part: this database keeps each statement that succeeded."
    )
    return MigrationFailed(
        f"Table {drift.table} could not be brought back: {describe(error)}",
        changed=changed,
        next_command=f"migrate_repair --schema {drift.table} --dry-run{on_database(database.alias)}",
    )
