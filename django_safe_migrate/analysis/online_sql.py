"""How hand-written SQL reaches the same end without blocking: code for hints, by vendor."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AlterColumnType,
    AlterTable,
    AttachPartition,
    ConstraintKind,
    CreateIndex,
    Default,
    DropIndex,
    Maintenance,
    RefreshMaterializedView,
    Reindex,
    SetNotNull,
    Statement,
)

_QUIET = "There is no way to do this without blocking: run it at a time when few use the table."
_ALONE = "In a migration of its own with atomic = False:"
_INNODB = (
    "Run it at a time when few use the table, or make the change with gh-ost or pt-online-schema-change. With ALGORITHM=INPLACE, "
    "LOCK=NONE at its end the server refuses it instead of blocking, so that nothing can go wrong unnoticed."
)


def online_hint(statement: Statement, vendor: str) -> str:
    """Return what to run instead of a statement that reads or writes a whole table while others wait."""
    return _VENDORS.get(vendor, _elsewhere)(statement)


def _elsewhere(statement: Statement) -> str:
    return _QUIET


def _on_innodb(statement: Statement) -> str:
    return _INNODB


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------------


@functools.singledispatch
def _on_postgresql(statement: Statement) -> str:
    return _QUIET


@_on_postgresql.register
def _(statement: CreateIndex) -> str:
    sql = re.sub(r"\bINDEX\b", "INDEX CONCURRENTLY", _one_line(statement), count=1, flags=re.I)
    reverse = f"DROP INDEX CONCURRENTLY {statement.name}" if statement.name else ""
    return f"{_ALONE}\n\n{_run_sql(sql, reverse)}"


@_on_postgresql.register
def _(statement: DropIndex) -> str:
    sql = re.sub(r"\bINDEX\b", "INDEX CONCURRENTLY", _one_line(statement), count=1, flags=re.I)
    return f"{_ALONE}\n\n{_run_sql(sql)}"


@_on_postgresql.register
def _(statement: Reindex) -> str:
    return (
        f"{_ALONE}\n\n{_run_sql(f'REINDEX {statement.kind.upper()} CONCURRENTLY {statement.name}')}"
    )


@_on_postgresql.register
def _(statement: RefreshMaterializedView) -> str:
    sql = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {statement.view}"
    return f"With a unique index on the view, readers need not wait:\n\n{_run_sql(sql)}"


@_on_postgresql.register
def _(statement: Maintenance) -> str:
    return "Use pg_repack, which does the same while others read and write, or run it at a time when few use the table."


@_on_postgresql.register
def _(statement: AlterTable) -> str:
    if len(statement.actions) == 1 and isinstance(statement.actions[0], AddConstraint):
        own = _unchecked(statement, statement.actions[0])
        if own:
            return own
    hints = (_of_action(action, statement.table) for action in statement.actions)
    return next(filter(None, hints), _QUIET)


def _unchecked(statement: AlterTable, action: AddConstraint) -> str:
    """The statement as it is with NOT VALID at its end, where that and a name are all that is missing."""
    if action.kind not in _CHECKED or not action.name:
        return ""
    return _in_two_migrations(
        f"{_one_line(statement)} NOT VALID",
        f"ALTER TABLE {statement.table} VALIDATE CONSTRAINT {action.name}",
    )


_CHECKED = {ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY, ConstraintKind.NOT_NULL}


@functools.singledispatch
def _of_action(action: Action, table: str) -> str:
    return ""


@_of_action.register
def _(action: AddConstraint, table: str) -> str:
    name = action.name or f"{table}_{action.kind.replace(' ', '_')}"
    if action.kind in {ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY}:
        return _by_index(action, table, name)
    if action.kind is ConstraintKind.EXCLUDE:
        return ""
    return _in_two_migrations(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} {_definition(action)} NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
    )


@_of_action.register
def _(action: SetNotNull, table: str) -> str:
    name = f"{table.rpartition('.')[2]}_{action.column}_not_null"
    return _in_two_migrations(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({action.column} IS NOT NULL) NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
        f"ALTER TABLE {table} ALTER COLUMN {action.column} SET NOT NULL",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


@_of_action.register
def _(action: AddColumn, table: str) -> str:
    column = action.column
    added = f"ALTER TABLE {table} ADD COLUMN {column.name} {column.type}".strip()
    if column.unique:
        name = f"{table.rpartition('.')[2]}_{column.name}_key"
        sql = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({column.name})"
        return f"Add the column alone, and then in a migration of its own with atomic = False:\n\n{_run_sql(added)}\n{_run_sql(sql)}"
    if column.check:
        name = f"{table.rpartition('.')[2]}_{column.name}_check"
        check = f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (...) NOT VALID"
        return _in_two_migrations(added, check, f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    if column.generated:
        return "Add a plain column, keep it filled by a trigger or by the code, and fill existing rows in batches."
    if column.default is Default.VOLATILE or column.identity:
        default = f"ALTER TABLE {table} ALTER COLUMN {column.name} SET DEFAULT ..."
        return f"Add the column without its default, set that for new rows, and fill existing rows in batches:\n\n{_run_sql(added)}\n{_run_sql(default)}"
    return ""


@_of_action.register
def _(action: AlterColumnType, table: str) -> str:
    new = f"ALTER TABLE {table} ADD COLUMN {action.column}_new {action.type}"
    return (
        "Add a column of the new type, write to both, fill existing rows in batches, and let the code use the new one in the next "
        f"release:\n\n{_run_sql(new)}"
    )


@_of_action.register
def _(action: AttachPartition, table: str) -> str:
    name = f"{action.partition.rpartition('.')[2]}_bound"
    return (
        "Before, in migrations of their own, prove that every row belongs there:\n\n"
        + _run_sql(
            f"ALTER TABLE {action.partition} ADD CONSTRAINT {name} CHECK (...) NOT VALID",
        )
        + "\n"
        + _run_sql(f"ALTER TABLE {action.partition} VALIDATE CONSTRAINT {name}")
    )


def _definition(action: AddConstraint) -> str:
    if action.kind is ConstraintKind.FOREIGN_KEY:
        columns = ", ".join(action.columns)
        return f"FOREIGN KEY ({columns}) REFERENCES {action.references}"
    if action.kind is ConstraintKind.NOT_NULL:
        return f"NOT NULL {', '.join(action.columns)}"
    return "CHECK (...)"


def _by_index(action: AddConstraint, table: str, name: str) -> str:
    columns = ", ".join(action.columns) or "..."
    index = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})"
    kind = "UNIQUE" if action.kind is ConstraintKind.UNIQUE else "PRIMARY KEY"
    constraint = f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name}"
    return (
        f"Build the index in a migration of its own with atomic = False, and make it the constraint's in the next one:\n\n"
        f"{_run_sql(index, f'DROP INDEX CONCURRENTLY {name}')}\n{_run_sql(constraint)}"
    )


def _in_two_migrations(first: str, *second: str) -> str:
    rest = "\n".join(_run_sql(sql) for sql in second)
    return f"In one migration:\n\n{_run_sql(first)}\n\nand in the next one:\n\n{rest}"


def _run_sql(sql: str, reverse: str = "") -> str:
    undo = _quoted(reverse) if reverse else "migrations.RunSQL.noop"
    return f"migrations.RunSQL({_quoted(sql)}, {undo}),"


def _quoted(text: str) -> str:
    return repr(text) if '"' in text or "\\" in text else f'"{text}"'


def _one_line(statement: Statement) -> str:
    return " ".join(statement.text.split())


_VENDORS: dict[str, Callable[[Statement], str]] = {
    "postgresql": _on_postgresql,
    "mysql": _on_innodb,
}
