"""Indexes."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import models
from django.db.migrations import (
    AddField,
    AddIndex,
    AlterUniqueTogether,
    CreateModel,
    RemoveIndex,
    RenameIndex,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.models.functions import Lower

from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_NUMBER = models.Index(fields=["number"], name="number_idx")
_INVALID = {"D11": "IF NOT EXISTS passes over the invalid index that a failure leaves (F3)"}

ENTRIES = (
    entry(
        "add-index",
        "An index",
        AddIndex("Order", _NUMBER),
        truth=on(
            postgresql=finds("2.1 row 34: S lock for a scan", C1="error"),
            innodb=clean("ADD INDEX is NOCOPY or INPLACE, LOCK=NONE"),
            sqlite=clean("one write"),
        ),
    ),
    entry(
        "add-gin-index",
        "A GIN index",
        AddIndex("Event", GinIndex(fields=["payload"], name="payload_idx")),
        truth=on(postgresql=finds("row 34, and GIN builds slowly", C1="error")),
    ),
    entry(
        "add-partial-index",
        "An index of some rows",
        AddIndex(
            "Order", models.Index(fields=["number"], name="open_idx", condition=models.Q(state=0))
        ),
        truth=on(
            postgresql=finds("row 34: all rows are read", C1="error"),
            innodb=clean("Django: partial indexes are passed over where they do not exist"),
            sqlite=clean("one write"),
        ),
    ),
    entry(
        "add-expression-index",
        "An index of an expression",
        AddIndex("Customer", models.Index(Lower("email"), name="email_idx")),
        truth=on(
            postgresql=finds("row 34", C1="error"),
            mariadb=clean("Django: MariaDB has no expression indexes, it is passed over"),
            sqlite=clean("one write"),
        ),
    ),
    entry(
        "add-index-concurrently",
        "An index, as it should be built",
        AddIndexConcurrently("Order", _NUMBER),
        atomic=False,
        truth=on(postgresql=clean("row 35")),
    ),
    entry(
        "add-index-concurrently-in-transaction",
        "An index that cannot be built in a transaction, in one",
        AddIndexConcurrently("Order", _NUMBER),
        truth=on(postgresql=finds("T1: 25001", C18="error")),
    ),
    entry(
        "add-index-of-new-table",
        "An index of a table that the plan makes",
        migrations=(
            Pending((CreateModel("Colour", [("id", big_key()), ("name", models.TextField())]),)),
            Pending((AddIndex("Colour", models.Index(fields=["name"], name="name_idx")),)),
        ),
        truth=on(every=clean("no rows, no users")),
    ),
    entry(
        "remove-index",
        "An index goes away",
        RemoveIndex("Order", "title_idx"),
        truth=on(
            every=clean("DROP INDEX permits writes"),
            postgresql=finds("row 36: AE, for an instant once it is granted", C3="warning"),
        ),
    ),
    entry(
        "remove-index-concurrently",
        "An index goes away as it should",
        RemoveIndexConcurrently("Order", "title_idx"),
        atomic=False,
        truth=on(postgresql=clean("row 36")),
    ),
    entry(
        "remove-index-concurrently-in-transaction",
        "An index that cannot be dropped in a transaction, in one",
        RemoveIndexConcurrently("Order", "title_idx"),
        truth=on(postgresql=finds("T1: 25001", C18="error")),
    ),
    entry(
        "rename-index",
        "An index gets another name",
        RenameIndex("Order", new_name="titles_idx", old_name="title_idx"),
        truth=on(every=clean("row 16: SUE on the index; MySQL RENAME INDEX is metadata")),
    ),
    entry(
        "add-index-after-column",
        "A column, and an index of others in the same transaction",
        AddField("Order", "remark", models.TextField(null=True)),
        AddIndex("Order", _NUMBER),
        truth=on(
            postgresql=finds("C2: AE is held while the index is built", {"C1|C2": "error"}),
            innodb=clean("metadata, then LOCK=NONE", tolerates={"N1": "half done on failure"}),
            sqlite=clean("one write"),
        ),
    ),
    entry(
        "add-column-and-index-concurrently",
        "A column and an index that is built concurrently, in one migration",
        AddField("Order", "remark", models.TextField(null=True)),
        AddIndexConcurrently("Order", _NUMBER),
        atomic=False,
        truth=on(
            postgresql=finds(
                "D11, F6: when the index fails, the column cannot be added again",
                {"N1|D11": "warning"},
            )
        ),
    ),
    entry(
        "sql-create-index",
        "An index by SQL",
        RunSQL("CREATE INDEX number_idx ON shop_order (number)", "DROP INDEX number_idx"),
        truth=on(postgresql=finds("row 34", C1="error"), sqlite=clean("one write")),
    ),
    entry(
        "sql-create-index-innodb",
        "An index by SQL of InnoDB",
        RunSQL(
            "CREATE INDEX number_idx ON shop_order (number)", "DROP INDEX number_idx ON shop_order"
        ),
        truth=on(innodb=clean("ADD INDEX is LOCK=NONE")),
    ),
    entry(
        "sql-create-index-concurrently",
        "An index by SQL, as it should be built",
        RunSQL(
            "CREATE INDEX CONCURRENTLY number_idx ON shop_order (number)",
            "DROP INDEX CONCURRENTLY IF EXISTS number_idx",
        ),
        atomic=False,
        truth=on(postgresql=clean("row 35")),
    ),
    entry(
        "sql-create-index-concurrently-if-not-exists",
        "An index by SQL that may be there already",
        RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS number_idx ON shop_order (number)",
            "DROP INDEX CONCURRENTLY IF EXISTS number_idx",
        ),
        atomic=False,
        truth=on(postgresql=clean("row 35", tolerates=_INVALID)),
    ),
    entry(
        "sql-create-index-concurrently-in-transaction",
        "An index by SQL that cannot be built in a transaction, in one",
        RunSQL(
            "CREATE INDEX CONCURRENTLY number_idx ON shop_order (number)",
            "DROP INDEX CONCURRENTLY IF EXISTS number_idx",
        ),
        truth=on(postgresql=finds("T1: 25001", C18="error")),
    ),
    entry(
        "index-by-sql-and-state",
        "An index by SQL, concurrently, and in the state by an operation",
        SeparateDatabaseAndState(
            database_operations=[
                RunSQL(
                    "CREATE INDEX CONCURRENTLY number_idx ON shop_order (number)",
                    "DROP INDEX CONCURRENTLY IF EXISTS number_idx",
                )
            ],
            state_operations=[AddIndex("Order", _NUMBER)],
        ),
        atomic=False,
        truth=on(postgresql=clean("row 35")),
    ),
    entry(
        "state-only-index",
        "An index that somebody has built already",
        SeparateDatabaseAndState(state_operations=[AddIndex("Order", _NUMBER)]),
        truth=on(every=clean("nothing reaches the database")),
    ),
    entry(
        "database-only-index",
        "An index in the database only",
        SeparateDatabaseAndState(database_operations=[AddIndex("Order", _NUMBER)]),
        truth=on(every=clean("ADD INDEX permits writes"), postgresql=finds("row 34", C1="error")),
    ),
    entry(
        "index-on-unmanaged",
        "An index of a table that Django does not manage",
        AddIndex("Legacy", models.Index(fields=["id"], name="legacy_idx")),
        truth=on(
            every=clean("managed=False: AddIndex asks allow_migrate_model, which says no to it")
        ),
    ),
    entry(
        "sql-reindex",
        "An index is built again",
        RunSQL("REINDEX TABLE shop_order", RunSQL.noop),
        truth=on(postgresql=finds("row 37: S on the table, AE on the index", {"C4|C1": "error"})),
    ),
    entry(
        "sql-reindex-concurrently",
        "An index is built again as it should be",
        RunSQL("REINDEX INDEX CONCURRENTLY title_idx", RunSQL.noop),
        atomic=False,
        truth=on(postgresql=clean("row 37")),
    ),
    entry(
        "sql-drop-index",
        "An index is dropped by SQL",
        RunSQL("DROP INDEX title_idx", RunSQL.noop),
        truth=on(postgresql=finds("row 36", C3="warning"), sqlite=clean("one write")),
    ),
    entry(
        "sql-fulltext-index",
        "A full-text index",
        RunSQL(
            "CREATE FULLTEXT INDEX note_idx ON shop_order (note)",
            "DROP INDEX note_idx ON shop_order",
        ),
        truth=on(
            innodb=finds(
                "INPLACE, LOCK=SHARED: writes wait (measured on MariaDB)", {"C1|C12": "warning"}
            )
        ),
    ),
    entry(
        "add-unique-together",
        "Columns must be unique together",
        AlterUniqueTogether("Order", {("number", "created")}),
        truth=on(
            every=finds("C6: fails where there are duplicates", C6="warning", C7="info"),
            postgresql=finds("row 30", C6="error", C7="info"),
        ),
    ),
    entry(
        "remove-unique-together",
        "Columns need no longer be unique together",
        AlterUniqueTogether("Line", set()),
        truth=on(
            every=clean("row 28", tolerates={"C3": "its index is dropped under AE", "C7": "style"})
        ),
    ),
)
