"""
A foreign key on an existing column reads both tables while nobody can write to either.

## Why it matters

PostgreSQL takes a SHARE ROW EXCLUSIVE lock, which blocks writes, on the table and on the one it refers to, usually a busier one, and
looks every row up. A row that refers to nothing makes it fail. On a new column that is NULL in every row there is nothing to look up.

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
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded, ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.schema import Column
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """db_constraint=True, a plain column that becomes a ForeignKey, a ForeignKey to another model."""
    if change.adds_foreign_key:
        yield _finding(change.table, change.new, context)


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """A new column whose rows all refer to the default."""
    if change.column.references and (
        change.column.has_python_default or change.column.has_db_default
    ):
        yield _finding(change.table, change.column, context)


def _finding(table: str, column: Column, context: Context) -> Finding:
    return rule.finding(
        context,
        f"The foreign key on column {column.name} of {table} looks up every row in {column.references} under "
        f"{locks.SHARE_ROW_EXCLUSIVE}, on both tables.",
        hint=(
            "Add the constraint NOT VALID with RunSQL as a database_operation of a SeparateDatabaseAndState, and run "
            f"ALTER TABLE {context.quoted(table)} VALIDATE CONSTRAINT ... in the next migration."
        ),
        tables=[table],
    )
