"""Hand-written SQL."""

from __future__ import annotations

from django.db import models
from django.db.migrations import CreateModel, RunSQL

from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_WITH_BILLING = (("shop", "0001_initial"), ("billing", "0001_initial"))
_ALL = "2.1 row 61: every row is locked until the end"
_GUARD = {"D10": "no IF EXISTS"}


def _sql(*statements: str, reverse: object = RunSQL.noop) -> RunSQL:
    return RunSQL(list(statements), reverse)  # type: ignore[arg-type]


ENTRIES = (
    entry(
        "sql-drop-table",
        "A table is dropped",
        _sql("DROP TABLE shop_line"),
        truth=on(
            every=finds("A2", A2="error", tolerates={**_GUARD, "B6": "the running release uses it"})
        ),
    ),
    entry(
        "sql-drop-table-if-exists",
        "A table that no model knows is dropped",
        _sql("DROP TABLE IF EXISTS shop_order_copy"),
        truth=on(every=finds("A2: nobody knows what it holds", A2="error")),
    ),
    entry(
        "sql-drop-column",
        "A column is dropped",
        _sql("ALTER TABLE shop_order DROP COLUMN note"),
        truth=on(every=finds("A1", A1="error", tolerates={"B6": "said with A1"})),
    ),
    entry(
        "sql-drop-column-in-second-statement",
        "A column is dropped in lower case, after a comment, in the second statement",
        RunSQL(
            "SELECT 1;\n-- tidy up\nalter table only shop_order\n  drop column if exists note;",
            RunSQL.noop,
        ),
        truth=on(postgresql=finds("A1", A1="error", tolerates={"B6": "said with A1"})),
    ),
    entry(
        "sql-truncate",
        "A table is emptied",
        _sql("TRUNCATE TABLE event_log"),
        truth=on(
            postgresql=finds("A3; row 42", A3="error"),
            innodb=finds("A3: DROP and CREATE", A3="error"),
        ),
    ),
    entry(
        "sql-delete-all",
        "All rows are deleted",
        _sql("DELETE FROM event_log"),
        truth=on(
            every=finds(
                "A3 in other words",
                {"A3|P4|D6": "error"},
                tolerates={"A3": "rows are lost", "P4": "all rows"},
            )
        ),
    ),
    entry(
        "sql-delete-one",
        "One row is deleted",
        _sql("DELETE FROM event_log WHERE id = 4711"),
        truth=on(every=clean("one row, by its key")),
    ),
    entry(
        "sql-drop-schema",
        "A schema is dropped",
        _sql("DROP SCHEMA archive CASCADE"),
        truth=on(
            postgresql=finds("A4", A4="error"),
            innodb=finds("A4: the same as DROP DATABASE", A4="error"),
        ),
    ),
    entry(
        "sql-update-all",
        "All rows are updated",
        _sql("UPDATE shop_order SET state = 1"),
        truth=on(
            every=finds(_ALL, {"D6|P4": "warning"}),
            sqlite=clean("one writer anyway", tolerates={"D6": "all writers wait", "P4": "as D6"}),
        ),
    ),
    entry(
        "sql-update-batch",
        "Some rows are updated, by their keys",
        _sql("UPDATE shop_order SET state = 1 WHERE id BETWEEN 1 AND 1000"),
        truth=on(every=clean("row 61: a batch")),
    ),
    entry(
        "sql-update-with-parameters",
        "One row is updated, with parameters",
        RunSQL([("UPDATE shop_order SET note = %s WHERE id = %s", ["50% off", 4711])], RunSQL.noop),
        truth=on(every=clean("one row")),
    ),
    entry(
        "sql-insert",
        "A row is inserted, and deleted on the way back",
        RunSQL(
            "INSERT INTO shop_tag (label) VALUES ('new')",
            "DELETE FROM shop_tag WHERE label = 'new'",
        ),
        truth=on(every=clean("one row")),
    ),
    entry(
        "sql-comment-drop-table",
        "A comment that speaks of DROP TABLE",
        RunSQL(
            "-- DROP TABLE shop_order; was the first idea\n"
            "/* TRUNCATE shop_line; ALTER TABLE shop_order DROP COLUMN note */\n"
            "UPDATE shop_order SET state = 2 WHERE id = 4711",
            RunSQL.noop,
        ),
        truth=on(every=clean("comments are not run")),
    ),
    entry(
        "sql-string-drop-table",
        "A text that speaks of DROP TABLE",
        _sql(
            "UPDATE shop_order SET note = 'DROP TABLE shop_line; DELETE FROM event_log' WHERE id = 4711"
        ),
        truth=on(every=clean("a text is not run")),
    ),
    entry(
        "sql-trigger-body",
        "A function and its trigger, whose body deletes",
        RunSQL(
            """
            CREATE FUNCTION tidy_events() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                DELETE FROM event_log;
                UPDATE shop_order SET state = 1;
                RETURN NEW;
            END $$;
            CREATE TRIGGER tidy AFTER INSERT ON shop_tag FOR EACH ROW EXECUTE FUNCTION tidy_events();
            """,
            "DROP TRIGGER tidy ON shop_tag; DROP FUNCTION tidy_events();",
        ),
        truth=on(postgresql=clean("row 46: the body is not run now, the lock is short")),
    ),
    entry(
        "sql-trigger-body-sqlite",
        "A trigger whose body deletes",
        RunSQL(
            "CREATE TRIGGER tidy AFTER INSERT ON shop_tag BEGIN DELETE FROM event_log; END;",
            "DROP TRIGGER tidy",
        ),
        truth=on(sqlite=clean("the body is not run now")),
    ),
    entry(
        "sql-trigger-body-innodb",
        "A trigger whose statement deletes",
        RunSQL(
            "CREATE TRIGGER tidy AFTER INSERT ON shop_tag FOR EACH ROW DELETE FROM event_log",
            "DROP TRIGGER tidy",
        ),
        truth=on(innodb=clean("the statement is not run now")),
    ),
    entry(
        "sql-temporary-table",
        "A temporary table is made, used and dropped",
        _sql(
            "CREATE TEMPORARY TABLE shop_busy AS SELECT id FROM shop_order WHERE state = 1",
            "DROP TABLE shop_busy",
        ),
        truth=on(every=clean("nobody else sees it", tolerates=_GUARD)),
    ),
    entry(
        "sql-no-way-back",
        "SQL without a reverse",
        RunSQL("UPDATE shop_order SET state = 1 WHERE id = 4711"),
        truth=on(every=finds("D2; Django: IrreversibleError", D2="warning")),
    ),
    entry(
        "sql-begin-commit",
        "A transaction of its own within that of the migration",
        RunSQL("BEGIN; UPDATE shop_order SET state = 1 WHERE id = 4711; COMMIT;", RunSQL.noop),
        truth=on(
            postgresql=finds("D8: COMMIT ends the migration's transaction", D8="error"),
            sqlite=finds("D8: BEGIN within a transaction is an error", D8="error"),
        ),
    ),
    entry(
        "sql-add-nullable-column",
        "A column that may be NULL, by SQL",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN remark text",
            "ALTER TABLE shop_order DROP COLUMN remark",
        ),
        truth=on(every=clean("row 1; InnoDB INSTANT")),
    ),
    entry(
        "sql-add-column-with-default",
        "NOT NULL with a default, by SQL, which keeps it",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN priority integer DEFAULT 0 NOT NULL",
            "ALTER TABLE shop_order DROP COLUMN priority",
        ),
        truth=on(every=clean("row 2; InnoDB INSTANT")),
    ),
    entry(
        "sql-add-not-null-column",
        "NOT NULL without a default, by SQL",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN priority integer NOT NULL",
            "ALTER TABLE shop_order DROP COLUMN priority",
        ),
        truth=on(every=finds("B3; row 12", {"B3|B4": "error"})),
    ),
    entry(
        "sql-add-volatile-column",
        "A default that is computed for each row",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN token uuid DEFAULT gen_random_uuid()",
            "ALTER TABLE shop_order DROP COLUMN token",
        ),
        truth=on(postgresql=finds("row 4: rewrite", {"C14|C12": "error"})),
    ),
    entry(
        "sql-add-serial-column",
        "A column that counts",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN counted bigserial",
            "ALTER TABLE shop_order DROP COLUMN counted",
        ),
        truth=on(postgresql=finds("row 5: rewrite", {"C14|C12": "error"})),
    ),
    entry(
        "sql-rename-column",
        "A column gets another name, by SQL",
        RunSQL(
            "ALTER TABLE shop_order RENAME COLUMN note TO remark",
            "ALTER TABLE shop_order RENAME COLUMN remark TO note",
        ),
        truth=on(every=finds("B1", B1="error")),
    ),
    entry(
        "sql-rename-table",
        "A table gets another name, by SQL",
        RunSQL(
            "ALTER TABLE shop_line RENAME TO shop_item", "ALTER TABLE shop_item RENAME TO shop_line"
        ),
        truth=on(every=finds("B2", B2="error")),
    ),
    entry(
        "sql-rename-table-innodb",
        "A table gets another name, in the words of MySQL",
        RunSQL("RENAME TABLE shop_line TO shop_item", "RENAME TABLE shop_item TO shop_line"),
        truth=on(innodb=finds("B2", B2="error")),
    ),
    entry(
        "sql-alter-type",
        "Another type, by SQL",
        RunSQL("ALTER TABLE shop_order ALTER COLUMN number TYPE bigint", RunSQL.noop),
        truth=on(postgresql=finds("2.2: rewrite", C12="error")),
    ),
    entry(
        "sql-modify-type",
        "Another type, in the words of MySQL",
        RunSQL("ALTER TABLE shop_order MODIFY number bigint NOT NULL", RunSQL.noop),
        truth=on(innodb=finds("COPY, LOCK=SHARED (measured on MariaDB)", C12="error")),
    ),
    entry(
        "sql-convert-charset",
        "Another character set",
        RunSQL("ALTER TABLE shop_order CONVERT TO CHARACTER SET latin1", RunSQL.noop),
        truth=on(
            innodb=finds(
                "COPY, LOCK=SHARED (measured on MariaDB)",
                C12="error",
                tolerates={"C13": "characters may be lost"},
            )
        ),
    ),
    entry(
        "sql-algorithm-instant",
        "A column that the server must add instantly or not at all",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN remark int NULL, ALGORITHM=INSTANT",
            "ALTER TABLE shop_order DROP COLUMN remark",
        ),
        truth=on(innodb=clean("INSTANT")),
    ),
    entry(
        "sql-algorithm-copy",
        "A column for which the table is copied on demand",
        RunSQL(
            "ALTER TABLE shop_order ADD COLUMN remark int NULL, ALGORITHM=COPY",
            "ALTER TABLE shop_order DROP COLUMN remark",
        ),
        truth=on(
            innodb=finds(
                "MySQL manual, ALTER TABLE: COPY permits no concurrent DML", {"C12|C14": "warning"}
            )
        ),
    ),
    entry(
        "sql-cluster",
        "A table is sorted by an index",
        _sql("CLUSTER shop_order USING title_idx"),
        truth=on(postgresql=finds("row 44: AE, rewrite", {"C12|C14|C17|C4": "error"})),
    ),
    entry(
        "sql-vacuum-in-transaction",
        "VACUUM in a transaction",
        _sql("VACUUM shop_order"),
        truth=on(postgresql=finds("T1: 25001", C18="error")),
    ),
    entry(
        "sql-tablespace",
        "A table moves to another tablespace",
        _sql("ALTER TABLE shop_order SET TABLESPACE fast"),
        truth=on(postgresql=finds("C17; row 51: AE while files are copied", {"C17|C12": "error"})),
    ),
    entry(
        "sql-unlogged",
        "A table is no longer logged",
        _sql("ALTER TABLE event_log SET UNLOGGED"),
        truth=on(postgresql=finds("row 50: AE, rewrite", {"C12|C14|C17": "error"})),
    ),
    entry(
        "sql-enum-value",
        "A value of an enum, alone",
        _sql("ALTER TYPE order_state ADD VALUE 'returned'"),
        truth=on(
            postgresql=clean(
                "row 55: allowed on 12+ while it is not used", tolerates={"C22": "fails on 11"}
            )
        ),
    ),
    entry(
        "sql-enum-value-used",
        "A value of an enum that is used before the commit",
        _sql(
            "ALTER TYPE order_state ADD VALUE 'returned'",
            "UPDATE shop_order SET note = 'returned'::order_state::text WHERE id = 4711",
        ),
        truth=on(postgresql=finds("row 55: 55P04", C22="warning")),
    ),
    entry(
        "sql-housekeeping",
        "Statistics, comments, rights and storage parameters",
        _sql(
            "ANALYZE shop_order",
            "COMMENT ON TABLE shop_order IS 'DROP nothing'",
            "GRANT SELECT ON shop_order TO reporting",
            "ALTER TABLE shop_order SET (fillfactor = 90)",
            "ALTER TABLE shop_order ALTER COLUMN number SET STATISTICS 1000",
        ),
        truth=on(postgresql=clean("row 49: SUE")),
    ),
    entry(
        "sql-view",
        "A view",
        RunSQL(
            "CREATE VIEW open_orders AS SELECT id, number FROM shop_order WHERE state = 0",
            "DROP VIEW open_orders",
        ),
        truth=on(every=clean("row 48")),
    ),
    entry(
        "sql-create-table",
        "A table by SQL, and an index of it",
        RunSQL(
            [
                "CREATE TABLE shop_archive (id bigint PRIMARY KEY, note text, number integer)",
                "CREATE INDEX archive_idx ON shop_archive (number)",
            ],
            "DROP TABLE shop_archive",
        ),
        truth=on(
            every=clean("nobody uses it", tolerates=_GUARD),
            innodb=clean("nobody uses it", tolerates={**_GUARD, "N1": "half done on failure"}),
        ),
    ),
    entry(
        "sql-own-lock-timeout",
        "A lock timeout of the migration's own",
        _sql(
            "SET LOCAL lock_timeout = '1s'",
            "ALTER TABLE shop_order ADD COLUMN IF NOT EXISTS remark text",
        ),
        truth=on(postgresql=clean("T6: shorter is fine")),
    ),
    entry(
        "sql-lock-timeout-off",
        "The lock timeout is switched off",
        _sql("SET lock_timeout = 0", "ALTER TABLE shop_order ADD COLUMN remark text"),
        truth=on(
            postgresql=finds(
                "C20, T6, F11: everybody queues behind it",
                {"C20": "warning"},
                tolerates={"S1": "a plain SET outlives the migration"},
            )
        ),
    ),
    entry(
        "sql-insert-then-alter",
        "A row with a deferred foreign key, then its table is altered, by SQL",
        _sql(
            "INSERT INTO shop_line (order_id, product_id, quantity, position) VALUES (1, 1, 1, 99)",
            "ALTER TABLE shop_line ADD COLUMN remark text",
        ),
        truth=on(
            postgresql=finds("T2: 55006", T2="error", tolerates={"D7": "the same in other words"})
        ),
    ),
    entry(
        "sql-add-and-fill",
        "A column and all its values in one transaction",
        _sql(
            "ALTER TABLE shop_order ADD COLUMN remark text", "UPDATE shop_order SET remark = note"
        ),
        truth=on(
            postgresql=finds(
                "D7; row 61 under the AE of row 1", {"D7": "warning", "D6|P4": "warning"}
            ),
            innodb=finds(
                "row 61",
                {"D6|P4": "warning"},
                tolerates={"N1": "half done on failure", "D7": "as N1"},
            ),
        ),
    ),
    entry(
        "sql-of-unknown-app",
        "SQL on a table of another app that the migration does not depend on",
        _sql("UPDATE billing_invoice SET paid = true WHERE id = 4711"),
        truth=on(every=finds("O1: nothing sees to it that the table is there", O1="warning")),
    ),
    entry(
        "sql-on-table-made-in-the-same-plan",
        "SQL on a table of another app whose own migration may as well come later",
        migrations=(
            Pending(
                (CreateModel("Receipt", [("id", big_key()), ("sent", models.BooleanField())]),),
                app_label="billing",
                dependencies=(("billing", "0001_initial"),),
            ),
            Pending((_sql("UPDATE billing_receipt SET sent = true WHERE id = 4711"),)),
        ),
        truth=on(every=finds("O1: fails in the other order", O1="warning")),
    ),
    entry(
        "sql-of-another-app",
        "SQL on a table of another app that the migration depends on",
        _sql("UPDATE billing_invoice SET paid = true WHERE id = 4711"),
        dependencies=_WITH_BILLING,
        truth=on(every=clean("the dependency is there")),
    ),
)
