"""
A foreign key that is checked at once works through the whole table while nobody can write to it.

## Why it matters

PostgreSQL takes a SHARE ROW EXCLUSIVE lock, which blocks writes, on the table and on the one it refers to, usually a busier one, and
looks every row up. A row that refers to nothing makes it fail. On a new column that is NULL in every row there is nothing to look up.
MariaDB and MySQL copy the table, with LOCK=SHARED, which blocks writes, for every foreign key, also for that of a new column.

Django drops a foreign key and adds it again when its column, or the table of a many-to-many field, is renamed, and for every change
of its column, such as another db_index.

## Instead of

    migrations.AlterField(model_name="order", name="customer", field=models.ForeignKey("shop.Customer", models.PROTECT)),
    # was a ForeignKey with db_constraint=False, or an IntegerField

## Use

Two migrations; the second one lets others write:

    migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                "ALTER TABLE shop_order ADD CONSTRAINT order_customer_fk FOREIGN KEY (customer_id)"
                " REFERENCES shop_customer (id) DEFERRABLE INITIALLY DEFERRED NOT VALID",
                "ALTER TABLE shop_order DROP CONSTRAINT order_customer_fk",
            ),
        ],
        state_operations=[migrations.AlterField(...)],
    ),

    migrations.RunSQL("ALTER TABLE shop_order VALIDATE CONSTRAINT order_customer_fk", migrations.RunSQL.noop),

MariaDB and MySQL have no NOT VALID. With `SET foreign_key_checks = 0` in the session they add a foreign key without a copy, but never
check existing rows: look for rows that refer to nothing yourself. pt-online-schema-change can add one while others write.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from django.db.migrations import operations
from django.db.migrations.operations import RenameModel

from django_safe_migrate.analysis.changes import (
    Change,
    ColumnAdded,
    ColumnAltered,
    ColumnRenamed,
    TableRenamed,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.held_locks import under_held_locks
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.recipes import separated, sql
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.work import blocking_part, long_lock
from django_safe_migrate.databases.facts import Blocking, Facts
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AlterTable,
    ConstraintKind,
)
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import table_name

rule = Rule(
    __name__,
    severity=Severity.ERROR,
    vendors={"postgresql", "mysql"},
    directions=BOTH,
    about_time=True,
)

_UNCHECKED = (
    "The server adds it without a copy, while others write, after SET foreign_key_checks = 0 (RunSQL in the same migration, and = 1 "
    "at its end), but then never checks existing rows: look for rows that refer to nothing yourself. pt-online-schema-change makes "
    "the change while others write; gh-ost does not do foreign keys."
)
_MADE_ANEW = (
    "Django drops the foreign key and adds it again, which the change itself does not need: make the change with RunSQL as a "
    "database_operation of a SeparateDatabaseAndState, with the AlterField as its state_operation."
)


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """On PostgreSQL only where rows refer to the default."""
    yield from _findings(change, context, "")


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """db_constraint=True, a plain column that becomes a ForeignKey, a ForeignKey to another model; also one that is made anew."""
    if change.adds_foreign_key:
        yield from _findings(change, context, _renaming(context))
    elif (
        not change.changes_type
    ):  # the change of the type works through the table as well, and longer
        yield from _findings(change, context, _MADE_ANEW)


def _renaming(context: Context) -> str:
    """What to do about a foreign key that is made anew because the model it refers to gets another name; empty for others."""
    operation = context.operation
    if not isinstance(operation, RenameModel):
        return ""
    state = context.before.models.get((context.app_label, operation.old_name_lower))
    if state is None:
        return ""
    return f"Keep the name of the table, with db_table={table_name(state)!r} in Meta: then the foreign keys to it stay."


@rule.change(ColumnRenamed)
def check_renamed(change: ColumnRenamed, context: Context) -> Iterator[Finding]:
    """Django makes the foreign key anew, although the database would rename the column of the old one."""
    hint = f"Keep the name of the column, with db_column={change.old_name!r}: then the foreign key stays."
    yield from _findings(change, context, hint)


@rule.change(TableRenamed)
def check_renamed_table(change: TableRenamed, context: Context) -> Iterator[Finding]:
    """The table of a ManyToManyField, whose columns are renamed too."""
    hint = (
        f"Keep the name of the table, with db_table={change.table!r}: then its foreign keys stay."
    )
    yield from _findings(change, context, hint)


def _findings(change: Change, context: Context, hint: str) -> Iterator[Finding]:
    facts = blocking_part(change, context, _is_foreign_key)
    statement = None if facts is None else facts.statement
    if facts is None or not isinstance(statement, AlterTable):
        return
    if not _looks_rows_up(statement, context):
        return
    facts = _under_all_locks(facts, change, context)
    table = statement.table
    column, references = next(filter(None, map(_key, statement.actions)))
    copied = facts.algorithm == "COPY"
    yield rule.finding(
        context,
        f"The foreign key on column {column} of {table} {_work(facts, table, references)}.",
        hint=hint or (_UNCHECKED if copied else _in_two_steps(change, table, context)),
        tables=[table],
    )


def _looks_rows_up(statement: AlterTable, context: Context) -> bool:
    """Whether it is the foreign key that works through the table, and not the index or the CHECK that a new column has too."""
    alone = [
        dataclasses.replace(
            action, column=dataclasses.replace(action.column, unique=False, check=False)
        )
        if isinstance(action, AddColumn)
        else action
        for action in statement.actions
        if _is_foreign_key(action)
    ]
    facts = context.facts(dataclasses.replace(statement, actions=tuple(alone)))
    return bool(long_lock(facts, statement.table))


def _under_all_locks(facts: Facts, change: Change, context: Context) -> Facts:
    """With the locks that are held already: dropping the foreign key that is made anew blocks reads of both tables too."""
    of_statements = under_held_locks(
        context.statement_facts(change), context.held, in_transaction=context.runs_in_transaction
    )
    return next((one for one in of_statements if one.statement is facts.statement), facts)


def _is_foreign_key(action: Action) -> bool:
    return _key(action) is not None


def _key(action: Action) -> tuple[str, str] | None:
    """The column of a foreign key that is checked at once, and the table that it refers to."""
    if isinstance(action, AddColumn) and action.column.references:
        return action.column.name, action.column.references
    if isinstance(action, AddConstraint) and action.kind is ConstraintKind.FOREIGN_KEY:
        return None if action.not_valid else (", ".join(action.columns), action.references)
    return None


def _work(facts: Facts, table: str, references: str) -> str:
    own, other = facts.lock_on(table), facts.lock_on(references)
    sentence = own.sentence if own else ""
    if facts.algorithm == "COPY":
        work = f"copies the table with {sentence}"
    else:
        work = f"looks up every row in {references} under {sentence}"
    if other is None or references == table or other.blocking < Blocking.WRITES:
        return work
    if other.sentence == sentence:
        return f"{work}, on both tables"
    return f"{work}, and takes {other.sentence}, on {references}"


def _in_two_steps(change: Change, table: str, context: Context) -> str:
    key, operation = _only_key(change, context), context.operation
    if key is None or context.is_nested or not isinstance(operation, operations.AlterField):
        return (
            "Add the constraint NOT VALID with RunSQL as a database_operation of a SeparateDatabaseAndState, and run "
            f"ALTER TABLE {context.quoted(table)} VALIDATE CONSTRAINT ... in the next migration."
        )
    altered, name = f"ALTER TABLE {context.quoted(table)}", context.quoted(key.name)
    columns = ", ".join(map(context.quoted, key.columns))
    referenced = context.quoted(_referenced(change, key, context))
    added = sql(
        f"{altered} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {context.quoted(key.references)} ({referenced}) "
        "DEFERRABLE INITIALLY DEFERRED NOT VALID",
        f"{altered} DROP CONSTRAINT {name}",
    )
    return (
        "Two migrations; the second one checks the rows while others write:\n\n"
        f"{separated([added], [operation])}\n\n{code(sql(f'{altered} VALIDATE CONSTRAINT {name}'))}"
    )


def _only_key(change: Change, context: Context) -> AddConstraint | None:
    """The foreign key that is all there is to the change."""
    if not isinstance(change, ColumnAltered) or change.old.name != change.new.name:
        return None
    actions: list[Action] = []
    for statement in context.statements(change):
        if not isinstance(statement, AlterTable):
            return None
        actions += statement.actions
    only = actions[0] if len(actions) == 1 else None
    return only if isinstance(only, AddConstraint) else None


def _referenced(change: Change, key: AddConstraint, context: Context) -> str:
    column = change.new if isinstance(change, ColumnAltered) else None
    named = "" if column is None else getattr(column.field.remote_field, "field_name", "") or ""
    target = context.tables.of_field(key.references, named) if named else None
    return context.tables.key_column(key.references) if target is None else target.name
