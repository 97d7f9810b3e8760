"""
A unique constraint on existing data fails on the first duplicate, and on PostgreSQL blocks the table while its index is built.

## Why it matters

Rows that are there already may hold the same value twice: then the migration fails. PostgreSQL builds the index behind the constraint
under an ACCESS EXCLUSIVE lock, which blocks reads and writes; behind a constraint with a condition, under a SHARE lock, which
blocks writes. MariaDB and MySQL build it while others read and write.

## Instead of

    migrations.AddConstraint(
        model_name="order", constraint=models.UniqueConstraint(fields=["number"], name="order_number_unique")
    ),

## Use

Look for duplicates first. On PostgreSQL, build the index without blocking, in a migration of its own with `atomic = False`:

    migrations.RunSQL(
        'CREATE UNIQUE INDEX CONCURRENTLY order_number_unique ON shop_order (number)',
        'DROP INDEX CONCURRENTLY IF EXISTS order_number_unique',
    ),

and make it a constraint in the next one, which takes an instant:

    migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                'ALTER TABLE shop_order ADD CONSTRAINT order_number_unique UNIQUE USING INDEX order_number_unique',
                'ALTER TABLE shop_order DROP CONSTRAINT order_number_unique',
            ),
        ],
        state_operations=[migrations.AddConstraint(...)],
    ),
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.models import UniqueConstraint

from django_safe_migrate.analysis.changes import (
    Change,
    ColumnAdded,
    ColumnAltered,
    ConstraintAdded,
    UniqueAdded,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.duplicates import may_hold_duplicates
from django_safe_migrate.analysis.held_locks import under_held_locks
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.recipes import separated, sql
from django_safe_migrate.analysis.rewriting import has_volatile_default
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.work import long_lock
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIndex,
    AlterTable,
    ConstraintKind,
    CreateIndex,
    Statement,
)
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH)


@rule.change(UniqueAdded)
def check_together(change: UniqueAdded, context: Context) -> Iterator[Finding]:
    """`unique_together`, or undoing its removal."""
    yield from _findings(change, f"columns {', '.join(change.columns)}", context)


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """`unique=True` on an existing column; also a ForeignKey that becomes a OneToOneField."""
    if change.adds_unique:
        yield from _findings(change, f"column {change.new.name}", context)


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """Existing rows all get the same value, unless it is NULL, which is different from itself."""
    column = change.column
    if not column.unique:
        return
    constant = column.has_db_default and not has_volatile_default(column)
    if constant or (column.has_python_default and not column.has_db_default):
        yield rule.finding(
            context,
            f"Column {column.name} is added to {change.table} as unique, and existing rows all get the same default, so that a second "
            "row makes it fail.",
            hint="Add it nullable and not unique, fill it row by row, and make it unique in a later migration.",
            tables=[change.table],
        )
    elif column.null and (lock := _lock(change, context)):
        yield rule.finding(
            context,
            f"The unique index on the new column {column.name} of {change.table} is built under {lock}.",
            hint="Add the column without unique=True, build the unique index CONCURRENTLY, and then make the field unique.",
            tables=[change.table],
        )


@rule.change(ConstraintAdded)
def check_constraint(change: ConstraintAdded, context: Context) -> Iterator[Finding]:
    """A UniqueConstraint; with a condition or expressions it is an index. Django makes none where the database cannot have it."""
    if isinstance(change.constraint, UniqueConstraint) and context.statements(change):
        yield from _findings(change, f"constraint {change.constraint.name}", context)


def _findings(change: Change, what: str, context: Context) -> Iterator[Finding]:
    lock = _lock(change, context)
    fails = "fails on the first duplicate among existing rows" * may_hold_duplicates(
        change, context
    )
    built = (
        f"its index is built under {lock}" if lock and fails else f"builds an index under {lock}"
    )
    harm = ", and ".join(filter(None, (fails, built if lock else "")))
    if harm:
        yield rule.finding(
            context,
            f"Making {what} of {change.table} unique {harm}.",
            hint=_without_blocking(change, context)
            if lock
            else "Look for duplicates before: SELECT ... GROUP BY ... HAVING count(*) > 1.",
            tables=[change.table],
            severity=Severity.ERROR if lock else Severity.WARNING,
        )


def _lock(change: Change, context: Context) -> str:
    """The lock under which the unique index is built; empty where others can write meanwhile."""
    statements = under_held_locks(
        context.statement_facts(change), context.held, in_transaction=context.runs_in_transaction
    )
    return next(
        (
            lock
            for facts in statements
            if _builds_unique(facts.statement) and (lock := long_lock(facts, change.table))
        ),
        "",
    )


def _builds_unique(statement: Statement) -> bool:
    if isinstance(statement, CreateIndex):
        return statement.unique
    if not isinstance(statement, AlterTable):
        return False
    return any(
        (isinstance(one, AddColumn) and one.column.unique)
        or (isinstance(one, AddIndex) and one.kind == "unique")
        or _is_unique(one)
        for one in statement.actions
    )


def _is_unique(action: Action) -> TypeGuard[AddConstraint]:
    return isinstance(action, AddConstraint) and action.kind is ConstraintKind.UNIQUE


# --- the way around -------------------------------------------------------------------------------------------------------------


def _without_blocking(change: Change, context: Context) -> str:
    """Two migrations, where nothing but plain columns becomes unique and the operation does nothing else."""
    operation = context.operation
    if _is_only_index(change, context):
        return _index_in_words(change, context)
    constraint, others = _only_constraint(change, context)
    if constraint is None or context.is_nested or not _is_all(operation, change, context):
        return _IN_WORDS
    table, name = context.quoted(change.table), context.quoted(constraint.name)
    columns = ", ".join(map(context.quoted, constraint.columns))
    in_database = sql(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
    steps = [_concurrently(f"UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})", name)]
    if others and isinstance(change, ColumnAltered):
        like = context.quoted(others[0].name)
        pattern = f"{columns} {change.new.type.partition('(')[0]}_pattern_ops"
        steps.append(_concurrently(f"INDEX CONCURRENTLY {like} ON {table} ({pattern})", like))
    steps.append(separated([in_database], [operation]))
    before = "the first one" if len(steps) == 2 else "the first two"
    return (
        f"Look for duplicates first. Then {_COUNTS[len(steps)]} migrations, {before} with atomic = False:\n\n"
        + "\n\n".join(steps)
    )


def _is_only_index(change: Change, context: Context) -> bool:
    """Whether it has a condition or expressions: then it is no constraint, and none can use its index."""
    return isinstance(change, ConstraintAdded) and all(
        isinstance(one, CreateIndex) for one in context.statements(change)
    )


def _index_in_words(change: Change, context: Context) -> str:
    table = context.quoted(change.table)
    name = context.quoted(str(getattr(_of(change), "name", "")))
    return (
        "Look for duplicates first; then, in a migration with atomic = False, run the CREATE UNIQUE INDEX that sqlmigrate shows with "
        f"CONCURRENTLY (CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ...) with RunSQL as a database_operation of a "
        "SeparateDatabaseAndState, with the AddConstraint as its state_operation. With a condition or expressions it is an index and "
        "no constraint, so that nothing else is needed."
    )


def _is_all(operation: Operation, change: Change, context: Context) -> bool:
    """Whether the operation changes nothing else, so that the state may be told of all of it."""
    if isinstance(change, ColumnAltered):
        return isinstance(operation, operations.AlterField) and change.old.name == change.new.name
    if isinstance(operation, operations.AlterUniqueTogether):
        key = context.app_label, operation.name_lower
        before, after = (
            set(state.models[key].options.get("unique_together") or ())
            for state in (context.before, context.after)
        )
        return before < after and len(after - before) == 1
    return isinstance(operation, operations.AddConstraint)


def _concurrently(what: str, name: str) -> str:
    return code(sql(f"CREATE {what}", f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))


def _only_constraint(
    change: Change, context: Context
) -> tuple[AddConstraint | None, list[CreateIndex]]:
    """The constraint that is all there is to the change, and the index for LIKE that comes with it on a text."""
    found: list[AddConstraint] = []
    others: list[CreateIndex] = []
    for statement in context.statements(change):
        if isinstance(statement, AlterTable) and all(map(_is_unique, statement.actions)):
            found += filter(_is_unique, statement.actions)
        elif isinstance(statement, CreateIndex) and not statement.unique:
            others.append(statement)
        else:
            return None, []
    if len(found) != 1 or len(others) > 1 or getattr(_of(change), "deferrable", None):
        return None, []
    return found[0], others


def _of(change: Change) -> object:
    return change.constraint if isinstance(change, ConstraintAdded) else None


_COUNTS = {2: "two", 3: "three"}
_IN_WORDS = (
    "Look for duplicates first; then, in a migration with atomic = False, CREATE UNIQUE INDEX CONCURRENTLY and ALTER TABLE ... "
    "ADD CONSTRAINT ... UNIQUE USING INDEX, as database_operations of a SeparateDatabaseAndState."
)
