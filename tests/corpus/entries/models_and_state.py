"""Models, options, and operations that reach the state only."""

from __future__ import annotations

from django.contrib.postgres.operations import CreateCollation, TrigramExtension
from django.db import models
from django.db.migrations import (
    AddField,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTableComment,
    CreateModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)

from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_INSTANT = {"T5": "row 41: SRE on the referenced tables for an instant", "C8": "as T5"}
_TWICE = {"N1": "half done on failure"}

ENTRIES = (
    entry(
        "create-model",
        "A table",
        CreateModel(
            "Colour", [("id", big_key()), ("name", models.CharField(max_length=20, unique=True))]
        ),
        truth=on(every=clean("nobody uses it")),
    ),
    entry(
        "create-model-with-foreign-key",
        "A table with a foreign key to one that exists",
        CreateModel(
            "Visit",
            [("id", big_key()), ("customer", models.ForeignKey("shop.Customer", models.CASCADE))],
        ),
        truth=on(every=clean("row 41: no rows to check", tolerates=_INSTANT)),
    ),
    entry(
        "create-model-with-many-to-many",
        "Two tables and the one between them",
        CreateModel("Colour", [("id", big_key())]),
        CreateModel(
            "Palette", [("id", big_key()), ("colours", models.ManyToManyField("shop.Colour"))]
        ),
        truth=on(
            every=clean("nobody uses them"), innodb=clean("nobody uses them", tolerates=_TWICE)
        ),
    ),
    entry(
        "create-child-model",
        "A table that inherits from one that exists",
        CreateModel(
            "GiftOrder",
            [
                (
                    "order_ptr",
                    models.OneToOneField(
                        "shop.Order", models.CASCADE, parent_link=True, primary_key=True
                    ),
                ),
                ("greeting", models.TextField()),
            ],
            bases=("shop.Order",),
        ),
        truth=on(every=clean("row 41", tolerates=_INSTANT)),
    ),
    entry(
        "create-proxy-model",
        "A proxy",
        CreateModel("SmallOrder", [], options={"proxy": True}, bases=("shop.Order",)),
        truth=on(every=clean("a proxy has no table")),
    ),
    entry(
        "create-unmanaged-model",
        "A model of a table that is not ours",
        CreateModel(
            "Report", [("id", big_key())], options={"managed": False, "db_table": "report"}
        ),
        truth=on(every=clean("managed=False")),
    ),
    entry(
        "create-and-extend",
        "A table, and columns of every kind added to it in the same plan",
        migrations=(
            Pending((CreateModel("Colour", [("id", big_key())]),)),
            Pending((AddField("Colour", "name", models.CharField(max_length=20)),)),
            Pending((AddField("Colour", "tag", models.ForeignKey("shop.Tag", models.CASCADE)),)),
        ),
        truth=on(every=clean("no rows, no users", tolerates=_INSTANT)),
    ),
    entry(
        "alter-options",
        "Other names, ordering and permissions",
        AlterModelOptions("Order", {"ordering": ["number"], "verbose_name": "purchase"}),
        truth=on(every=clean("Django: not in the database")),
    ),
    entry(
        "alter-managers",
        "Another manager",
        AlterModelManagers("Order", [("objects", models.Manager())]),
        truth=on(every=clean("Django: not in the database")),
    ),
    entry(
        "alter-table-comment",
        "A comment on a table",
        AlterModelTableComment("Order", "Purchases"),
        truth=on(every=clean("row 49: SUE; InnoDB metadata")),
    ),
    entry(
        "empty-migration",
        "A migration that only merges",
        SeparateDatabaseAndState(),
        truth=on(every=clean("nothing")),
    ),
    entry(
        "sql-noop",
        "SQL that is none",
        RunSQL(RunSQL.noop, RunSQL.noop),
        truth=on(every=clean("nothing")),
    ),
    entry(
        "python-noop",
        "Python that does nothing",
        RunPython(RunPython.noop, RunPython.noop),
        truth=on(every=clean("nothing")),
    ),
    entry(
        "state-only-create-model",
        "A table that somebody else has made",
        SeparateDatabaseAndState(
            state_operations=[
                CreateModel("Report", [("id", big_key()), ("name", models.TextField())])
            ]
        ),
        truth=on(every=clean("nothing reaches the database")),
    ),
    entry(
        "extension",
        "An extension",
        TrigramExtension(),
        truth=on(postgresql=clean("no relation lock")),
    ),
    entry(
        "collation",
        "A collation",
        CreateCollation("german", provider="icu", locale="de"),
        truth=on(postgresql=clean("no relation lock")),
    ),
    entry(
        "two-columns-of-one-table",
        "Two columns that may be NULL",
        AddField("Order", "first", models.IntegerField(null=True)),
        AddField("Order", "second", models.IntegerField(null=True)),
        truth=on(every=clean("row 1 twice"), innodb=clean("INSTANT twice", tolerates=_TWICE)),
    ),
    entry(
        "two-tables-in-one-transaction",
        "Columns of two busy tables",
        AddField("Order", "first", models.IntegerField(null=True)),
        AddField("Customer", "second", models.IntegerField(null=True)),
        truth=on(
            postgresql=finds("T5: AE on both, in an order that readers do not know", T5="warning"),
            innodb=clean("no transaction", tolerates=_TWICE),
            sqlite=clean("one lock for all tables anyway"),
        ),
    ),
    entry(
        "two-tables-in-two-migrations",
        "Columns of two busy tables, one migration each",
        migrations=(
            Pending((AddField("Order", "first", models.IntegerField(null=True)),)),
            Pending((AddField("Customer", "second", models.IntegerField(null=True)),)),
        ),
        truth=on(every=clean("T5: one AE at a time")),
    ),
)
