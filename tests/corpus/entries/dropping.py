"""Columns and tables that go away or get another name."""

from __future__ import annotations

from django.db import models
from django.db.migrations import (
    AddField,
    AlterField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)

from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_OLD_CODE = {"B6": "the running release still reads and writes it, which is said with A1 already"}
_HALF_DONE = {"N1": "two changes of which neither depends on the rows", "MX": "both kinds in one"}
_LOCKS = {"T5": "2.1 rows 27 and 39: the referenced tables are locked for an instant"}
_RENAMED = {
    "B1": "the column of the table between is renamed too",
    "T5": "the tables on both sides of the foreign key",
    "N1": "several statements of one operation on InnoDB",
}

ENTRIES = (
    entry(
        "drop-column",
        "A column with values goes away",
        RemoveField("Order", "note"),
        truth=on(
            every=finds("A1; the running release selects it", A1="error", tolerates=_OLD_CODE)
        ),
    ),
    entry(
        "drop-not-null-column",
        "A NOT NULL column goes away",
        RemoveField("Order", "state"),
        truth=on(every=finds("A1 and B6", A1="error", tolerates=_OLD_CODE)),
    ),
    entry(
        "drop-foreign-key-column",
        "A foreign key goes away",
        RemoveField("Line", "product"),
        truth=on(every=finds("A1; row 27", A1="error", tolerates={**_OLD_CODE, **_LOCKS})),
    ),
    entry(
        "drop-many-to-many",
        "A many-to-many and its rows go away",
        RemoveField("Order", "tags"),
        truth=on(
            every=finds(
                "Django drops the table between",
                {"A1|A2": "error"},
                tolerates={**_LOCKS, **_OLD_CODE},
            )
        ),
    ),
    entry(
        "drop-many-to-many-through",
        "A many-to-many over a model of its own goes away, the table stays",
        RemoveField("Order", "products"),
        truth=on(every=clean("Django: no operation on the database with an explicit through")),
    ),
    entry(
        "drop-generated-column",
        "A generated column goes away",
        RemoveField("Product", "gross"),
        truth=on(
            every=finds(
                "the running release selects it; values could be computed again",
                {"A1|B6": "warning"},
            )
        ),
    ),
    entry(
        "drop-source-of-generated-column",
        "A column goes away that a generated one is computed from",
        RemoveField("Product", "price"),
        truth=on(
            every=finds("A1", A1="error", tolerates={**_OLD_CODE, "A8": "the server refuses it"}),
            postgresql=finds(
                "A8: Django drops with CASCADE, which takes the generated column along",
                A1="error",
                A8="error",
                tolerates=_OLD_CODE,
            ),
        ),
    ),
    entry(
        "rename-as-remove-and-add",
        "A new name, written as one column that goes and another that comes",
        RemoveField("Order", "note"),
        AddField("Order", "remark", models.TextField(null=True)),
        truth=on(
            every=finds(
                "A5: the values are lost",
                A1="error",
                A5="warning",
                tolerates={**_OLD_CODE, **_HALF_DONE},
            )
        ),
    ),
    entry(
        "add-and-drop",
        "One column comes and another goes",
        AddField("Order", "priority", models.IntegerField(null=True)),
        RemoveField("Order", "note"),
        truth=on(
            every=finds(
                "MX: no order of deploying fits both",
                A1="error",
                MX="warning",
                tolerates={**_OLD_CODE, "N1": "half done on failure"},
            )
        ),
    ),
    entry(
        "state-only-drop-nullable",
        "The code stops using a column that may be NULL; the database keeps it",
        SeparateDatabaseAndState(state_operations=[RemoveField("Order", "note")]),
        truth=on(every=clean("first half of expand and contract")),
    ),
    entry(
        "state-only-drop-db-default",
        "The code stops using a column that has a default in the database",
        SeparateDatabaseAndState(state_operations=[RemoveField("Customer", "level")]),
        truth=on(every=clean("INSERTs without it get the default")),
    ),
    entry(
        "state-only-drop-not-null",
        "The code stops giving a value to a NOT NULL column that the database keeps",
        SeparateDatabaseAndState(state_operations=[RemoveField("Order", "state")]),
        truth=on(
            every=finds(
                "every INSERT of the new release fails: 23502, 1364, NOT NULL constraint failed",
                {"B3|B6": "error"},
            )
        ),
    ),
    entry(
        "contract-step-drops-column",
        "The column that the code no longer knows is dropped by SQL",
        RunSQL("ALTER TABLE shop_order DROP COLUMN remark", RunSQL.noop),
        truth=on(
            every=finds("A1: its values are lost for good", {"A1": "error"}, tolerates=_OLD_CODE)
        ),
    ),
    entry(
        "drop-column-of-unmanaged",
        "A column of a table that Django does not manage",
        RemoveField("Legacy", "value"),
        truth=on(every=clean("managed=False: no operation on the database")),
    ),
    entry(
        "drop-column-of-new-table",
        "A column of a table that the plan makes",
        migrations=(
            Pending((CreateModel("Colour", [("id", big_key()), ("name", models.TextField())]),)),
            Pending((RemoveField("Colour", "name"),)),
        ),
        truth=on(every=clean("nobody has written to it")),
    ),
    entry(
        "rename-column",
        "A column gets another name",
        RenameField("Order", "note", "remark"),
        truth=on(every=finds("B1; 2.1 row 15", B1="error")),
    ),
    entry(
        "rename-field-same-column",
        "A field gets another name, its column keeps it",
        RenameField("Order", "code", "reference"),
        truth=on(every=clean("db_column stays, so nothing reaches the database")),
    ),
    entry(
        "rename-by-db-column",
        "A column gets another name by its db_column",
        AlterField("Order", "code", models.CharField(max_length=20)),
        truth=on(every=finds("Django: ALTER COLUMN of another name is a rename", B1="error")),
    ),
    entry(
        "rename-by-adding-db-column",
        "A field without a db_column gets one of another name",
        AlterField("Product", "stock", models.IntegerField(default=0, db_column="in_stock")),
        truth=on(every=finds("B1", B1="error")),
    ),
    entry(
        "rename-many-to-many",
        "A many-to-many gets another name, and so does its table",
        RenameField("Order", "tags", "labels"),
        truth=on(every=finds("Django renames the table between", {"B2|B1": "error"})),
    ),
    entry(
        "drop-table",
        "A model and its table go away",
        DeleteModel("Line"),
        before=(RemoveField("Order", "products"),),
        truth=on(every=finds("A2; row 39", A2="error", tolerates=_LOCKS)),
    ),
    entry(
        "delete-unmanaged-model",
        "A model without a table of ours goes away",
        DeleteModel("Legacy"),
        truth=on(every=clean("managed=False")),
    ),
    entry(
        "delete-proxy-model",
        "A proxy goes away",
        DeleteModel("BigOrder"),
        truth=on(every=clean("a proxy has no table")),
    ),
    entry(
        "state-only-delete-model",
        "The code stops using a table, the database keeps it",
        SeparateDatabaseAndState(state_operations=[DeleteModel("Event")]),
        truth=on(every=clean("first half of expand and contract")),
    ),
    entry(
        "create-and-drop-table",
        "A table that the plan makes goes away in it",
        migrations=(
            Pending((CreateModel("Colour", [("id", big_key())]),)),
            Pending((DeleteModel("Colour"),)),
        ),
        truth=on(every=clean("it never held a row")),
    ),
    entry(
        "rename-table",
        "A model and its table get another name",
        RenameModel("Line", "Item"),
        truth=on(every=finds("B2; row 15", B2="error")),
    ),
    entry(
        "rename-model-of-many-to-many",
        "A model that a many-to-many points to gets another name, and so does the column between",
        RenameModel("Tag", "Label"),
        truth=on(
            every=finds("B2", B2="error", tolerates=_RENAMED),
            postgresql=finds(
                "B2; Django drops the foreign key and adds it again: row 24",
                B2="error",
                C8="error",
                tolerates=_RENAMED,
            ),
            innodb=finds(
                "B2; Django drops the foreign key and adds it again: COPY",
                B2="error",
                C8="error",
                tolerates=_RENAMED,
            ),
        ),
    ),
    entry(
        "rename-referenced-model",
        "A model that foreign keys point to gets another name",
        RenameModel("Customer", "Client"),
        truth=on(
            every=finds("B2", B2="error", tolerates=_RENAMED),
            postgresql=finds(
                "B2; Django drops the foreign keys and adds them again: row 24",
                B2="error",
                C8="error",
                tolerates=_RENAMED,
            ),
            innodb=finds(
                "B2; Django drops the foreign keys and adds them again: COPY",
                B2="error",
                C8="error",
                tolerates=_RENAMED,
            ),
        ),
    ),
    entry(
        "rename-foreign-key",
        "A foreign key gets another name",
        RenameField("Line", "product", "item"),
        truth=on(
            every=finds("B1", B1="error"),
            postgresql=finds(
                "B1; Django drops the foreign key and adds it again: row 24",
                B1="error",
                C8="error",
                tolerates=_RENAMED,
            ),
            innodb=finds(
                "B1; Django drops the foreign key and adds it again: COPY",
                B1="error",
                C8="error",
                tolerates=_RENAMED,
            ),
        ),
    ),
    entry(
        "rename-model-pinned-table",
        "A model gets another name, its table keeps it",
        RenameModel("Event", "LogEntry"),
        truth=on(every=clean("Django: a no-op when db_table is set")),
    ),
    entry(
        "alter-table-name",
        "A table gets another name by its option",
        AlterModelTable("Order", "orders"),
        truth=on(
            every=finds(
                "B2",
                B2="error",
                tolerates={"N1": "the table of the many-to-many is renamed too", "T5": "as N1"},
            )
        ),
    ),
    entry(
        "alter-table-name-to-its-own",
        "The option names the table that it is already",
        AlterModelTable("Customer", "shop_customer"),
        truth=on(every=clean("Django: a no-op when the names are equal")),
    ),
    entry(
        "alter-table-name-unmanaged",
        "Another table of a model that is not managed",
        AlterModelTable("Legacy", "other_values"),
        truth=on(every=clean("managed=False")),
    ),
)
