"""Columns that change."""

from __future__ import annotations

from django.db import models
from django.db.migrations import AddField, AlterField

from tests.corpus.entry import clean, entry, finds, on

_REFUSED = {"C9": "SQLite checks existing rows while it remakes the table"}


def _customer(**options: object) -> models.ForeignKey:
    return models.ForeignKey("shop.Customer", models.CASCADE, **options)


ENTRIES = (
    entry(
        "set-not-null",
        "A column may no longer be NULL",
        AlterField("Order", "note", models.TextField()),
        truth=on(
            every=finds(
                "B5: fails where there is a NULL, and so do INSERTs of old code", B5="warning"
            ),
            postgresql=finds("B5; 2.1 row 19: scan under AE", B5="error"),
        ),
    ),
    entry(
        "set-not-null-with-default",
        "A column may no longer be NULL, and Django fills it before",
        AlterField("Order", "note", models.TextField(default=""), preserve_default=False),
        truth=on(
            every=finds(
                "B5, and an UPDATE of all NULLs",
                B5="warning",
                tolerates={"P4": "the UPDATE", "D7": "the UPDATE", "D6": "the UPDATE"},
            ),
            postgresql=finds(
                "row 19",
                B5="error",
                tolerates={"P4": "the UPDATE", "D7": "the UPDATE", "D6": "the UPDATE"},
            ),
        ),
    ),
    entry(
        "drop-not-null",
        "A column may be NULL from now on",
        AlterField("Order", "number", models.IntegerField(null=True)),
        truth=on(
            every=finds(
                "row 18; InnoDB INPLACE, LOCK=NONE; B7: a note that old code may not expect NULL",
                B7="info",
            )
        ),
    ),
    entry(
        "add-db-default",
        "An existing column gets a default in the database",
        AlterField("Order", "state", models.IntegerField(default=0, db_default=0)),
        truth=on(every=clean("row 18; InnoDB INSTANT")),
    ),
    entry(
        "remove-db-default",
        "An existing column loses its default in the database",
        AlterField("Customer", "level", models.IntegerField(default=0)),
        truth=on(
            every=finds(
                "B8: the running release inserts DEFAULT, which is NULL from now on", B8="warning"
            )
        ),
    ),
    entry(
        "change-python-default",
        "Another default of Python",
        AlterField("Order", "state", models.IntegerField(default=1)),
        truth=on(every=clean("Django: not in the database")),
    ),
    entry(
        "change-choices",
        "Other choices, help text, name and validators",
        AlterField(
            "Order",
            "state",
            models.IntegerField(
                "status", default=0, choices=[(0, "new")], help_text="How far it is."
            ),
        ),
        truth=on(every=clean("Django: non_database_attrs")),
    ),
    entry(
        "change-column-comment",
        "A comment on a column",
        AlterField("Order", "number", models.IntegerField(db_comment="Counted per customer")),
        truth=on(every=clean("row 49; MariaDB measured INSTANT")),
    ),
    entry(
        "widen-varchar",
        "A longer varchar, long before and after",
        AlterField("Order", "title", models.CharField(max_length=200)),
        truth=on(every=clean("2.2; 400 and 800 bytes are both above 255")),
    ),
    entry(
        "widen-varchar-short",
        "A longer varchar, short before and after",
        AlterField("Order", "code", models.CharField(max_length=40, db_column="order_code")),
        truth=on(every=clean("2.2; 80 and 160 bytes are both below 256")),
    ),
    entry(
        "widen-varchar-across-255-bytes",
        "A longer varchar whose length no longer fits one byte",
        AlterField("Order", "code", models.CharField(max_length=100, db_column="order_code")),
        truth=on(
            every=clean("2.2"),
            mariadb=clean("MDEV-15563, measured on 10.11: INSTANT from 127 bytes or less"),
            mysql=finds("80 to 400 bytes of utf8mb4: COPY, LOCK=SHARED (WL#6554)", C12="error"),
        ),
    ),
    entry(
        "widen-unique-varchar-across-255-bytes",
        "A longer varchar of more than 127 bytes whose length no longer fits one byte",
        AlterField("Product", "sku", models.CharField(max_length=100, unique=True)),
        truth=on(
            every=clean("2.2; F9"),
            innodb=finds("160 to 400 bytes: COPY, LOCK=SHARED (measured on MariaDB)", C12="error"),
        ),
    ),
    entry(
        "widen-unique-varchar",
        "A longer unique varchar",
        AlterField("Product", "sku", models.CharField(max_length=60, unique=True)),
        truth=on(every=clean("F9: the index is re-used; 160 and 240 bytes")),
    ),
    entry(
        "narrow-varchar",
        "A shorter varchar",
        AlterField("Customer", "name", models.CharField(max_length=50)),
        truth=on(
            every=finds("C13: rewrite, and fails on longer values", {"C12|C13": "error"}),
            sqlite=clean(
                "lengths are not enforced", tolerates={"C13": "old code writes longer values"}
            ),
        ),
    ),
    entry(
        "varchar-to-text",
        "A varchar becomes a text",
        AlterField("Customer", "name", models.TextField()),
        truth=on(
            every=clean("2.2: no rewrite"),
            innodb=finds("varchar to text: COPY, LOCK=SHARED", C12="error"),
        ),
    ),
    entry(
        "varchar-without-limit",
        "A varchar loses its limit",
        AlterField("Customer", "name", models.CharField()),
        truth=on(postgresql=clean("2.2: varchar(n) to varchar"), sqlite=clean("no lengths")),
    ),
    entry(
        "text-to-varchar",
        "A text becomes a varchar",
        AlterField("Customer", "notes", models.CharField(max_length=100, default="")),
        truth=on(
            every=finds("2.2: rewrite, and fails on longer values", {"C12|C13": "error"}),
            sqlite=clean(
                "lengths are not enforced", tolerates={"C13": "old code writes longer values"}
            ),
        ),
    ),
    entry(
        "integer-to-big-integer",
        "An integer becomes a bigint",
        AlterField("Order", "number", models.BigIntegerField()),
        truth=on(
            every=finds("2.2: rewrite and all indexes; InnoDB COPY", C12="error"),
            sqlite=clean("one kind of integer"),
        ),
    ),
    entry(
        "big-integer-to-integer",
        "A bigint becomes an integer",
        AlterField("Order", "big", models.IntegerField(null=True)),
        before=(AddField("Order", "big", models.BigIntegerField(null=True)),),
        truth=on(
            every=finds("2.2: rewrite, and fails on larger values", {"C12|C13": "error"}),
            sqlite=clean("one kind of integer", tolerates={"C13": "old code writes larger values"}),
        ),
    ),
    entry(
        "positive-integer-to-integer",
        "An integer need no longer be positive",
        AlterField("Order", "quantity", models.IntegerField(default=1)),
        truth=on(
            every=clean("row 28: only the CHECK is dropped"),
            innodb=finds(
                "int unsigned to int: COPY; C13: Django allows values up to 4,294,967,295, of which the upper half is refused (1264), or "
                "becomes 2,147,483,647 without strict mode (both measured on MariaDB)",
                C12="error",
                C13="error",
            ),
        ),
    ),
    entry(
        "integer-to-positive-integer",
        "An integer must be positive from now on",
        AlterField("Order", "number", models.PositiveIntegerField()),
        truth=on(
            postgresql=finds("row 22: the CHECK scans under AE", C9="error"),
            innodb=finds(
                "int to int unsigned: COPY",
                {"C12|C13": "error"},
                tolerates={"C9": "a CHECK comes with it"},
            ),
            sqlite=clean("fails on negative values only", tolerates=_REFUSED),
        ),
    ),
    entry(
        "widen-decimal",
        "A decimal with more digits before the point",
        AlterField("Order", "total", models.DecimalField(max_digits=12, decimal_places=2)),
        truth=on(
            every=clean("2.2: numeric(p+,s)"),
            innodb=finds("decimal precision: COPY", C12="error"),
        ),
    ),
    entry(
        "decimal-scale",
        "A decimal with more digits after the point",
        AlterField("Order", "total", models.DecimalField(max_digits=9, decimal_places=3)),
        truth=on(
            every=finds("2.2: change of the scale rewrites; InnoDB COPY", C12="error"),
            sqlite=clean("no precision"),
        ),
    ),
    entry(
        "float-to-decimal",
        "A float becomes a decimal",
        AlterField(
            "Product", "weight", models.DecimalField(null=True, max_digits=8, decimal_places=3)
        ),
        truth=on(
            postgresql=finds("2.2: rewrite", {"C12|C13": "error"}),
            innodb=finds("another type: COPY", {"C12|C13": "error"}),
        ),
    ),
    entry(
        "timestamp-to-date",
        "A time becomes a date",
        AlterField("Order", "created", models.DateField()),
        truth=on(
            postgresql=finds("2.2: rewrite; the time of day is lost", {"C12|C13": "error"}),
            innodb=finds("another type: COPY", {"C12|C13": "error"}),
        ),
    ),
    entry(
        "varchar-to-integer",
        "A varchar becomes an integer",
        AlterField("Customer", "phone", models.IntegerField(null=True)),
        truth=on(
            postgresql=finds("2.2; fails on what is no number", {"C12|C13": "error"}),
            innodb=finds("COPY; fails on what is no number", {"C12|C13": "error"}),
        ),
    ),
    entry(
        "json-to-text",
        "A JSON becomes a text",
        AlterField("Event", "payload", models.TextField(null=True)),
        truth=on(
            postgresql=finds("2.2: rewrite", {"C12|C13": "error"}),
            mysql=finds("another type: COPY", {"C12|C13": "error"}),
        ),
    ),
    entry(
        "alter-add-index",
        "An existing column gets an index",
        AlterField("Order", "number", models.IntegerField(db_index=True)),
        truth=on(
            every=clean("ADD INDEX permits writes"), postgresql=finds("row 34", {"C1|C5": "error"})
        ),
    ),
    entry(
        "alter-drop-index-of-foreign-key",
        "A foreign key loses its index",
        AlterField(
            "Line", "product", models.ForeignKey("shop.Product", models.PROTECT, db_index=False)
        ),
        truth=on(
            every=finds(
                "Django's _alter_field drops the constraint of any altered foreign key and adds it again, as measured",
                C8="error",
                tolerates={"F3": "deletes of products scan"},
            ),
            postgresql=finds(
                "rows 24 and 36",
                C3="warning",
                C8="error",
                tolerates={"F3": "deletes of products scan"},
            ),
            sqlite=clean("the table is made anew", tolerates={"F3": "deletes of products scan"}),
        ),
    ),
    entry(
        "alter-add-unique",
        "An existing column must be unique",
        AlterField("Order", "number", models.IntegerField(unique=True)),
        truth=on(
            every=finds("C6: fails where there are duplicates", C6="warning"),
            postgresql=finds("row 30", C6="error"),
        ),
    ),
    entry(
        "alter-drop-unique",
        "A column need no longer be unique",
        AlterField("Product", "sku", models.CharField(max_length=40)),
        truth=on(every=clean("row 28", tolerates={"C3": "its index is dropped under AE"})),
    ),
    entry(
        "change-on-delete",
        "Another on_delete",
        AlterField("Order", "customer", models.ForeignKey("shop.Customer", models.PROTECT)),
        truth=on(every=clean("Django: not in the database")),
    ),
    entry(
        "foreign-key-gets-constraint",
        "A foreign key that was only a column gets its constraint",
        AlterField(
            "Order",
            "billed_to",
            models.ForeignKey("shop.Customer", models.SET_NULL, null=True, related_name="+"),
        ),
        truth=on(
            postgresql=finds("row 24: SRE on both tables, scans", C8="error"),
            innodb=finds("COPY, LOCK=SHARED", C8="error"),
            sqlite=clean(
                "checked at the end", tolerates={"C8": "fails where a customer is missing"}
            ),
        ),
    ),
    entry(
        "foreign-key-loses-constraint",
        "A foreign key becomes only a column",
        AlterField("Order", "customer", _customer(db_constraint=False)),
        truth=on(every=clean("row 27: for an instant", tolerates={"T5": "AE on both tables"})),
    ),
    entry(
        "foreign-key-to-another-table",
        "A foreign key points to another table",
        AlterField("Order", "customer", models.ForeignKey("shop.Product", models.CASCADE)),
        truth=on(
            postgresql=finds("row 24", C8="error", tolerates={"T5": "three tables"}),
            innodb=finds("COPY", C8="error"),
            sqlite=clean(
                "checked at the end", tolerates={"C8": "fails where a product is missing"}
            ),
        ),
    ),
    entry(
        "integer-to-foreign-key",
        "An integer that held keys becomes a foreign key, its column stays",
        AlterField(
            "Line", "quantity", models.ForeignKey("shop.Tag", models.CASCADE, db_column="quantity")
        ),
        truth=on(
            postgresql=finds(
                "row 24", C8="error", tolerates={"C5": "with its index", "C1": "as C5"}
            ),
            innodb=finds("COPY", C8="error", tolerates={"C12": "a foreign key is added with it"}),
            sqlite=clean("checked at the end", tolerates={"C8": "fails where a tag is missing"}),
        ),
    ),
    entry(
        "primary-key-to-bigint",
        "A 32-bit key becomes one of 64 bits",
        AlterField("Tag", "id", models.BigAutoField(primary_key=True)),
        truth=on(
            postgresql=finds(
                "2.2: rewrites and locks the referencing tables too",
                {"PK|C12": "error"},
                tolerates={"T5": "every referencing table"},
            ),
            innodb=finds("PK type: COPY", {"PK|C12": "error"}),
            sqlite=clean("one kind of integer", tolerates={"PK": "remakes referencing tables"}),
        ),
    ),
    entry(
        "alter-unmanaged",
        "A column of a table that Django does not manage",
        AlterField("Legacy", "value", models.IntegerField()),
        truth=on(every=clean("managed=False")),
    ),
    entry(
        "alter-many-to-many-name",
        "Another related name of a many-to-many",
        AlterField(
            "Order", "tags", models.ManyToManyField("shop.Tag", related_name="orders", blank=True)
        ),
        truth=on(every=clean("Django: not in the database")),
    ),
)
