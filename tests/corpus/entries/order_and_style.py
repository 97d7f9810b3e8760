"""Dependencies, names, and what is worth knowing although nothing breaks."""

from __future__ import annotations

from django.db import models
from django.db.migrations import (
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    RemoveField,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

from tests.corpus.code import careful, careless
from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_WITH_BILLING = (("shop", "0001_initial"), ("billing", "0001_initial"))
_COLOUR = CreateModel("Colour", [("id", big_key()), ("name", models.TextField())])
_REFERENCED = {"T5": "row 41: the referenced table is locked for an instant", "C8": "as T5"}


def _receipt(model: str) -> CreateModel:
    invoice = models.ForeignKey(model, models.CASCADE, related_name="+")
    return CreateModel("Receipt", [("id", big_key()), ("invoice", invoice)])


class Mystery(Operation):
    """An operation of a third party, which says nothing of what it does."""

    reversible = True

    def state_forwards(self, app_label: str, state: object) -> None:
        pass

    def database_forwards(self, *arguments: object) -> None:
        pass

    database_backwards = database_forwards

    def describe(self) -> str:
        return "Does something"


ENTRIES = (
    entry(
        "field-of-unknown-app",
        "A foreign key to a model of another app that the migration does not depend on",
        _receipt("billing.Invoice"),
        truth=on(
            every=finds(
                "E10; Django: the lazy reference is not resolved where the other app comes later",
                E10="warning",
                tolerates=_REFERENCED,
            )
        ),
    ),
    entry(
        "field-of-another-app",
        "A foreign key to a model of another app that the migration depends on",
        _receipt("billing.Invoice"),
        dependencies=_WITH_BILLING,
        truth=on(every=clean("the dependency is there", tolerates=_REFERENCED)),
    ),
    entry(
        "model-of-another-branch",
        "A row of a table of the same app that another branch of its migrations makes",
        migrations=(
            Pending((_COLOUR,)),
            Pending(
                (RunPython(careless.fill_colours_of_a_branch, RunPython.noop),), is_branch=True
            ),
        ),
        truth=on(every=finds("E10: nothing orders the two branches", {"E10|O2": "warning"})),
    ),
    entry(
        "sql-on-table-of-another-branch",
        "SQL on a table of the same app that another branch of its migrations makes",
        migrations=(
            Pending((_COLOUR,)),
            Pending(
                (RunSQL("UPDATE shop_colour SET name = 'red' WHERE id = 1", RunSQL.noop),),
                is_branch=True,
            ),
        ),
        truth=on(every=finds("E10: nothing orders the two branches", {"E10|O1": "warning"})),
    ),
    entry(
        "sql-on-table-of-the-migration-before",
        "SQL on a table of the same app that the migration before makes",
        migrations=(
            Pending((_COLOUR,)),
            Pending((RunSQL("UPDATE shop_colour SET name = 'red' WHERE id = 1", RunSQL.noop),)),
        ),
        truth=on(every=clean("the dependency is there")),
    ),
    entry(
        "both-halves-at-once",
        "A column leaves the code and the database in one migration",
        SeparateDatabaseAndState(
            database_operations=[
                RunSQL("ALTER TABLE shop_order DROP COLUMN note", RunSQL.noop),
            ],
            state_operations=[RemoveField("Order", "note")],
        ),
        truth=on(every=finds("B9, and A1", A1="error", B9="error")),
    ),
    entry(
        "three-type-changes",
        "Three columns of one table get another type",
        AlterField("Order", "number", models.BigIntegerField()),
        AlterField("Order", "state", models.BigIntegerField(default=0)),
        AlterField("Order", "total", models.DecimalField(max_digits=12, decimal_places=4)),
        truth=on(
            postgresql=finds("C12 three times; C19", C12="error", C19="warning"),
            innodb=finds(
                "C12 three times; C19",
                C12="error",
                C19="warning",
                tolerates={"N1": "half done on failure", "D11": "as N1"},
            ),
        ),
    ),
    entry(
        "sql-enum-value-used-later",
        "A value of an enum, which the next migration uses",
        migrations=(
            Pending((RunSQL("ALTER TYPE order_state ADD VALUE 'returned'", RunSQL.noop),)),
            Pending(
                (
                    RunSQL(
                        "UPDATE shop_order SET note = 'returned'::order_state::text WHERE id = 4711",
                        RunSQL.noop,
                    ),
                )
            ),
        ),
        truth=on(postgresql=clean("row 55: committed before it is used")),
    ),
    entry(
        "sql-text-of-rows",
        "Values of rows are written into the text of SQL",
        RunPython(careless.copy_names_by_text, RunPython.noop),
        truth=on(every=finds("D9: a quote in a name ends the text", D9="warning")),
    ),
    entry(
        "sql-parameters-of-rows",
        "Values of rows are parameters of SQL",
        RunPython(careful.copy_one_name, RunPython.noop),
        truth=on(every=clean("the driver quotes them")),
    ),
    entry(
        "sql-on-another-vendor",
        "SQL that drops a table, which only another vendor executes",
        RunPython(careful.tidy_elsewhere, RunPython.noop),
        truth=on(every=clean("it is not reached")),
    ),
    entry(
        "python-other-argument-names",
        "A function that names its arguments otherwise",
        RunPython(careless.with_other_names, RunPython.noop),
        truth=on(every=finds("D4: style", D4="info")),
    ),
    entry(
        "python-default-database",
        "Rows are written to the default database, whichever is migrated",
        RunPython(careless.write_to_the_default_database, RunPython.noop),
        truth=on(every=clean("O3 is about projects with several databases, and there is one")),
    ),
    entry(
        "python-unknown-field",
        "A field is named that the model does not have",
        RunPython(careless.read_a_field_that_is_gone, RunPython.noop),
        truth=on(every=finds("O4; Django: FieldError", O4="warning")),
    ),
    entry(
        "sql-not-repeatable",
        "A table by SQL without IF NOT EXISTS, in a migration that a failure leaves half done",
        RunSQL(
            [
                "CREATE TABLE shop_archive (id bigint PRIMARY KEY)",
                "INSERT INTO shop_archive SELECT id FROM shop_order WHERE id = 4711",
            ],
            "DROP TABLE IF EXISTS shop_archive",
        ),
        atomic=False,
        truth=on(every=finds("D10: it cannot run a second time", {"D10|D11": "info"})),
    ),
    entry(
        "sql-repeatable",
        "A table by SQL with IF NOT EXISTS, in a migration that a failure leaves half done",
        RunSQL(
            "CREATE TABLE IF NOT EXISTS shop_archive (id bigint PRIMARY KEY)",
            "DROP TABLE IF EXISTS shop_archive",
        ),
        atomic=False,
        truth=on(every=clean("it can run a second time")),
    ),
    entry(
        "automatic-name",
        "A migration whose name is a date",
        migrations=(
            Pending(
                (AddField("Order", "remark", models.TextField(null=True)),),
                name="auto_20240101_1200",
            ),
        ),
        truth=on(every=finds("E4: style", E4="info")),
    ),
    entry(
        "small-key",
        "A table with a primary key of 32 bits",
        CreateModel("Colour", [("id", models.AutoField(primary_key=True))]),
        truth=on(
            every=finds("F1: used up after 2,147,483,647 rows", F1="info"),
            sqlite=clean("rowid has 64 bits"),
        ),
    ),
    entry(
        "composite-key",
        "The primary key becomes one of two columns",
        AlterField("Event", "id", models.BigIntegerField()),
        AddField("Event", "pk", models.CompositePrimaryKey("id", "kind")),
        truth=on(
            every=finds(
                "F8: Django drops the old key, and executes nothing for the new one (measured on PostgreSQL 16 and MariaDB); on SQLite it "
                "fails",
                {"F8|PK": "error"},
                tolerates={"N1": "two operations", "D11": "as N1"},
            ),
        ),
    ),
    entry(
        "session-setting-stays",
        "A setting of the session that the migrations after it keep",
        RunSQL("SET statement_timeout = 0", RunSQL.noop),
        truth=on(postgresql=finds("S1: SET lasts as long as the session", S1="warning")),
    ),
    entry(
        "session-setting-stays-innodb",
        "A setting of the session that the migrations after it keep",
        RunSQL("SET SESSION sql_mode = ''", RunSQL.noop),
        truth=on(innodb=finds("S1: SET lasts as long as the session", S1="warning")),
    ),
    entry(
        "session-setting-of-the-transaction",
        "A setting that ends with the transaction",
        RunSQL("SET LOCAL statement_timeout = '5s'", RunSQL.noop),
        truth=on(postgresql=clean("SET LOCAL ends with the transaction")),
    ),
    entry(
        "session-setting-given-back-innodb",
        "A setting of the session that is given back",
        RunSQL("SET SESSION sql_mode = ''; SET SESSION sql_mode = DEFAULT", RunSQL.noop),
        truth=on(innodb=clean("nothing stays")),
    ),
    entry(
        "unknown-operation",
        "An operation of a third party",
        Mystery(),
        truth=on(every=finds("SX: nobody can tell what it does", SX="warning")),
    ),
    entry(
        "index-and-unique-in-one-plan",
        "Two indexes of two tables, a migration each",
        migrations=(
            Pending((AddIndex("Tag", models.Index(fields=["label"], name="label_idx")),)),
            Pending((AddIndex("Event", models.Index(fields=["kind"], name="kind_idx")),)),
        ),
        truth=on(
            every=clean("ADD INDEX permits writes"),
            postgresql=finds("row 34 twice", C1="error"),
        ),
    ),
)
