"""Columns that are added to existing tables."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.migrations import AddField, AlterOrderWithRespectTo
from django.db.models.functions import Now

from tests.corpus.entry import clean, entry, finds, on

_PYTHON_DEFAULT = (
    "B4: Django drops the default after ADD COLUMN, so INSERTs of the running release give no value"
)
_FOREIGN_KEY_LOCK = {
    "C8": "row 10: the referenced table is locked for an instant only",
    "T5": "row 10: two tables, for an instant",
}


def _foreign_key(**options: object) -> models.ForeignKey:
    return models.ForeignKey("shop.Customer", models.CASCADE, related_name="+", **options)


ENTRIES = (
    entry(
        "add-nullable-column",
        "A column that may be NULL",
        AddField("Order", "remark", models.TextField(null=True)),
        truth=on(every=clean("2.1 row 1; InnoDB INSTANT; SQLite plain ADD COLUMN")),
    ),
    entry(
        "add-nullable-column-python-default",
        "A column that may be NULL, with a default of Python",
        AddField("Order", "priority", models.IntegerField(null=True, default=0)),
        truth=on(every=clean("2.1 row 2: constant; old INSERTs give NULL, which is allowed")),
    ),
    entry(
        "add-column-db-default",
        "NOT NULL with a default in the database",
        AddField("Order", "priority", models.IntegerField(db_default=0)),
        truth=on(every=clean("2.1 row 2 (11+); InnoDB INSTANT with a constant default")),
    ),
    entry(
        "add-boolean-db-default",
        "A NOT NULL boolean with both defaults",
        AddField("Order", "gift", models.BooleanField(default=False, db_default=False)),
        truth=on(every=clean("2.1 row 2; the database default is kept, so old INSERTs work")),
    ),
    entry(
        "add-text-db-default",
        "A NOT NULL text with an empty default in the database",
        AddField("Order", "remark", models.TextField(db_default="")),
        truth=on(
            every=clean("2.1 row 2; MariaDB measured INSTANT"),
            mysql=clean(
                "a literal",
                tolerates={"C14": "MySQL writes it as an expression, which copies the table"},
            ),
        ),
    ),
    entry(
        "add-column-db-default-now",
        "NOT NULL with the time of the transaction as the database's default",
        AddField("Order", "changed", models.DateTimeField(db_default=Now())),
        truth=on(
            every=clean("2.1 row 3 (11+); MariaDB 10.11 measured INSTANT"),
            mysql=clean("CURRENT_TIMESTAMP", tolerates={"C14": "written as an expression"}),
        ),
    ),
    entry(
        "add-column-volatile-db-default",
        "A default that PostgreSQL computes for each row",
        AddField("Order", "token", models.UUIDField(db_default=RandomUUID())),
        truth=on(postgresql=finds("2.1 row 4: rewrite and all indexes", C14="error")),
    ),
    entry(
        "add-column-python-default",
        "NOT NULL with a default of Python",
        AddField("Order", "priority", models.IntegerField(default=0)),
        truth=on(
            every=finds(_PYTHON_DEFAULT, {"B3|B4": "error"}),
            sqlite=finds(_PYTHON_DEFAULT, {"B3|B4": "warning"}),
        ),
    ),
    entry(
        "add-column-one-off-default",
        "NOT NULL with a default for existing rows only",
        AddField("Order", "priority", models.IntegerField(default=0), preserve_default=False),
        truth=on(
            every=finds(_PYTHON_DEFAULT, {"B3|B4": "error"}),
            sqlite=finds(_PYTHON_DEFAULT, {"B3|B4": "warning"}),
        ),
    ),
    entry(
        "add-column-no-default",
        "NOT NULL without any default",
        AddField("Order", "priority", models.IntegerField()),
        truth=on(
            every=finds(
                "B3; 2.1 row 12: error 23502 where there are rows; later INSERTs of old code fail",
                {"B3|B4": "error"},
            )
        ),
    ),
    entry(
        "add-text-empty-default",
        "A NOT NULL text whose default is the empty text of Python",
        AddField("Order", "remark", models.TextField(default="")),
        truth=on(
            every=finds(_PYTHON_DEFAULT, {"B3|B4": "error"}),
            mysql=finds(
                _PYTHON_DEFAULT,
                {"B3|B4": "error"},
                tolerates={"P4": "Django's MySQL editor runs an UPDATE of all rows"},
            ),
            sqlite=finds(_PYTHON_DEFAULT, {"B3|B4": "warning"}),
        ),
    ),
    entry(
        "add-char-blank-no-default",
        "A NOT NULL char(…) with blank=True, for which Django takes the empty text",
        AddField("Order", "colour", models.CharField(max_length=20, blank=True)),
        truth=on(
            every=finds(_PYTHON_DEFAULT, {"B3|B4": "error"}),
            sqlite=finds(_PYTHON_DEFAULT, {"B3|B4": "warning"}),
        ),
    ),
    entry(
        "add-auto-now-add",
        "A NOT NULL time of creation",
        AddField(
            "Customer", "joined", models.DateTimeField(auto_now_add=True), preserve_default=False
        ),
        truth=on(
            every=finds(_PYTHON_DEFAULT, {"B3|B4": "error"}),
            sqlite=finds(_PYTHON_DEFAULT, {"B3|B4": "warning"}),
        ),
    ),
    entry(
        "add-unique-callable-default",
        "A unique column whose default is called once for all rows",
        AddField("Order", "token", models.UUIDField(default=uuid.uuid4, unique=True)),
        truth=on(
            every=finds(
                "C16; Django's how-to on migrations that add unique fields",
                {"C16|C6": "error"},
                tolerates={
                    "B4": "also NOT NULL with a default of Python only",
                    "C14": "one value for all rows",
                    "C5": "the unique index is a part of it",
                },
            )
        ),
    ),
    entry(
        "add-unique-nullable",
        "A unique column that may be NULL",
        AddField("Order", "external", models.CharField(max_length=40, null=True, unique=True)),
        truth=on(
            every=clean("all NULL, so no duplicates; InnoDB INPLACE, LOCK=NONE (measured)"),
            postgresql=finds("2.1 row 11: scan and index build under AE", {"C5|C6": "error"}),
        ),
    ),
    entry(
        "add-indexed-nullable",
        "An indexed column that may be NULL",
        AddField("Order", "priority", models.IntegerField(null=True, db_index=True)),
        truth=on(
            every=clean("ADD INDEX permits writes"),
            postgresql=finds("2.1 row 34 in the transaction of row 1", {"C1|C2|C5": "error"}),
        ),
    ),
    entry(
        "add-slug-nullable",
        "A slug, which is indexed without saying so",
        AddField("Order", "slug", models.SlugField(null=True)),
        truth=on(
            every=clean("ADD INDEX permits writes"),
            postgresql=finds("as add-indexed-nullable: two indexes", {"C1|C2|C5": "error"}),
        ),
    ),
    entry(
        "add-foreign-key-nullable",
        "A foreign key that may be NULL",
        AddField("Order", "sold_by", _foreign_key(null=True)),
        truth=on(
            postgresql=finds(
                "row 10, and its index as row 34",
                {"C1|C2|C5": "error"},
                tolerates=_FOREIGN_KEY_LOCK,
            ),
            innodb=finds("ADD FK with foreign_key_checks=1 is COPY, LOCK=SHARED", C8="error"),
            sqlite=clean("plain ADD COLUMN … REFERENCES"),
        ),
    ),
    entry(
        "add-one-to-one-nullable",
        "A one-to-one that may be NULL: a foreign key and a unique index",
        AddField(
            "Order",
            "follows",
            models.OneToOneField("shop.Order", models.CASCADE, null=True, related_name="+"),
        ),
        truth=on(
            postgresql=finds("rows 10 and 11", {"C5|C6": "error"}, tolerates=_FOREIGN_KEY_LOCK),
            innodb=finds(
                "ADD FK is COPY, LOCK=SHARED",
                C8="error",
                tolerates={"C6": "a unique index, though of NULLs"},
            ),
            sqlite=clean("all NULL"),
        ),
    ),
    entry(
        "add-foreign-key-without-index",
        "A foreign key that may be NULL, without an index",
        AddField("Order", "sold_by", _foreign_key(null=True, db_index=False)),
        truth=on(
            postgresql=finds(
                "row 10: no scan; a note that deletes of customers scan the orders",
                F3="info",
                tolerates=_FOREIGN_KEY_LOCK,
            ),
            innodb=finds("ADD FK is COPY, LOCK=SHARED", C8="error"),
            sqlite=finds("plain ADD COLUMN; a note that deletes scan", F3="info"),
        ),
    ),
    entry(
        "add-foreign-key-without-constraint",
        "A foreign key that is only a column",
        AddField("Order", "sold_by", _foreign_key(null=True, db_constraint=False, db_index=False)),
        truth=on(every=clean("row 1", tolerates={"F3": "reads by it scan"})),
    ),
    entry(
        "add-positive-integer-nullable",
        "A column with a CHECK of its type",
        AddField("Order", "weight", models.PositiveIntegerField(null=True)),
        truth=on(
            postgresql=finds(
                "2.1 row 8: ADD COLUMN … CHECK scans even when it is NULL", C9="error"
            ),
            mariadb=clean("ADD COLUMN … CHECK measured INSTANT on 10.11"),
            mysql=finds("MySQL bug 117450: ADD COLUMN … CHECK is COPY", C9="error"),
            sqlite=clean("plain ADD COLUMN"),
        ),
    ),
    entry(
        "add-json-nullable",
        "A JSON column",
        AddField("Order", "extra", models.JSONField(null=True)),
        truth=on(every=clean("row 1; MariaDB's json_valid CHECK measured INSTANT")),
    ),
    entry(
        "add-stored-generated-column",
        "A generated column that is stored",
        AddField(
            "Order",
            "taxed",
            models.GeneratedField(
                expression=models.F("total") * Decimal("1.2"),
                output_field=models.DecimalField(max_digits=9, decimal_places=2),
                db_persist=True,
            ),
        ),
        truth=on(
            postgresql=finds("2.1 row 6: rewrite", C15="error"),
            innodb=finds("generated STORED: COPY, LOCK=SHARED", C15="error"),
            sqlite=clean("remake, a note"),
        ),
    ),
    entry(
        "add-virtual-generated-column",
        "A generated column that is computed when read",
        AddField(
            "Order",
            "taxed",
            models.GeneratedField(
                expression=models.F("total") * Decimal("1.2"),
                output_field=models.DecimalField(max_digits=9, decimal_places=2),
                db_persist=False,
            ),
        ),
        truth=on(innodb=clean("VIRTUAL: INSTANT"), sqlite=clean("not stored")),
    ),
    entry(
        "add-many-to-many",
        "A many-to-many between two existing tables",
        AddField("Product", "tags", models.ManyToManyField("shop.Tag")),
        truth=on(
            every=clean("a new table, which is empty"),
            postgresql=clean(
                "row 41: no scan",
                tolerates={"T5": "SRE on both referenced tables", "C8": "SRE on both"},
            ),
        ),
    ),
    entry(
        "add-many-to-many-through",
        "A many-to-many over a table that exists",
        AddField(
            "Product",
            "orders",
            models.ManyToManyField("shop.Order", through="shop.Line", related_name="+"),
        ),
        truth=on(every=clean("Django: no operation on the database with an explicit through")),
    ),
    entry(
        "order-with-respect-to",
        "An order of rows, which is a NOT NULL column",
        AlterOrderWithRespectTo("Line", "order"),
        truth=on(
            every=finds("Django adds _order with a default of 0 and drops it", {"B3|B4": "error"}),
            sqlite=finds("as elsewhere", {"B3|B4": "warning"}),
        ),
    ),
    entry(
        "add-column-to-unmanaged",
        "A column of a table that Django does not manage",
        AddField("Legacy", "extra", models.IntegerField(default=0)),
        truth=on(every=clean("Django: managed=False, no operation on the database")),
    ),
)
