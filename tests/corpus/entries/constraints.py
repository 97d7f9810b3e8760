"""Constraints."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import models
from django.db.migrations import (
    AddConstraint,
    AlterConstraint,
    AlterField,
    CreateModel,
    RemoveConstraint,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.models.functions import Lower

from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_POSITIVE = models.CheckConstraint(condition=models.Q(number__gt=0), name="number_positive")
_NOTED = models.CheckConstraint(condition=models.Q(note__isnull=False), name="order_noted")
_EMAIL = models.UniqueConstraint(fields=["email"], name="email_unique")
_REFUSED = {"C9": "fails where a row does not satisfy it"}
_REPEAT = {
    "N1": "each is a single statement",
    "D11": "as N1",
    "C6": "fails on duplicates, and leaves an invalid index",
}
_FK = "ALTER TABLE shop_order ADD CONSTRAINT billed_fk FOREIGN KEY (billed_to_id) REFERENCES shop_customer (id)"
_DROP_FK = "ALTER TABLE shop_order DROP CONSTRAINT billed_fk"

ENTRIES = (
    entry(
        "add-check",
        "A CHECK",
        AddConstraint("Order", _POSITIVE),
        truth=on(
            postgresql=finds("row 22: scan under AE", C9="error"),
            innodb=finds("ADD CHECK is COPY, LOCK=SHARED (measured on MariaDB)", C9="error"),
            sqlite=finds("remake, a note", W1="info", tolerates=_REFUSED),
        ),
    ),
    entry(
        "add-check-not-valid",
        "A CHECK of new rows only",
        AddConstraintNotValid("Order", _POSITIVE),
        truth=on(postgresql=clean("row 23: no scan")),
    ),
    entry(
        "validate-check",
        "A CHECK is checked against the rows, in a migration of its own",
        ValidateConstraint("Order", "number_positive"),
        before=(AddConstraintNotValid("Order", _POSITIVE),),
        truth=on(postgresql=clean("row 23: SUE")),
    ),
    entry(
        "add-check-and-validate",
        "A CHECK in two migrations",
        migrations=(
            Pending((AddConstraintNotValid("Order", _POSITIVE),)),
            Pending((ValidateConstraint("Order", "number_positive"),)),
        ),
        truth=on(postgresql=clean("row 23: separate transactions")),
    ),
    entry(
        "add-check-and-validate-at-once",
        "A CHECK in two steps of one transaction",
        AddConstraintNotValid("Order", _POSITIVE),
        ValidateConstraint("Order", "number_positive"),
        truth=on(postgresql=finds("T4: AE is held while rows are checked", {"T4|C9": "error"})),
    ),
    entry(
        "not-null-after-validated-check",
        "A column may no longer be NULL, which a validated CHECK has seen to",
        AlterField("Order", "note", models.TextField()),
        before=(AddConstraint("Order", _NOTED),),
        truth=on(
            postgresql=clean("row 20: no scan on 12+"),
            innodb=clean(
                "INPLACE, LOCK=NONE; no NULL exists", tolerates={"B5": "rebuilds the table online"}
            ),
            sqlite=clean("no NULL exists", tolerates={"B5": "remake"}),
        ),
    ),
    entry(
        "not-null-in-three-migrations",
        "A column may no longer be NULL, in three steps",
        migrations=(
            Pending((AddConstraintNotValid("Order", _NOTED),)),
            Pending((ValidateConstraint("Order", "order_noted"),)),
            Pending((AlterField("Order", "note", models.TextField()),)),
        ),
        truth=on(
            postgresql=clean(
                "rows 20 and 23",
                tolerates={"B5": "old code that writes NULL is refused from the first step on"},
            )
        ),
    ),
    entry(
        "remove-check",
        "A CHECK goes away",
        RemoveConstraint("Order", "total_not_negative"),
        truth=on(every=clean("row 28; InnoDB INSTANT")),
    ),
    entry(
        "remove-unique-constraint",
        "A unique constraint goes away",
        RemoveConstraint("Order", "number_of_customer"),
        truth=on(every=clean("row 28", tolerates={"C3": "its index is dropped under AE"})),
    ),
    entry(
        "alter-constraint-message",
        "Another message of a constraint",
        AlterConstraint(
            "Order",
            "total_not_negative",
            models.CheckConstraint(
                condition=models.Q(total__gte=0),
                name="total_not_negative",
                violation_error_message="Less than nothing.",
            ),
        ),
        truth=on(every=clean("Django: AlterConstraint does nothing in the database")),
    ),
    entry(
        "add-unique-constraint",
        "A unique constraint",
        AddConstraint("Customer", _EMAIL),
        truth=on(
            every=finds("C6: fails where there are duplicates", C6="warning"),
            postgresql=finds("row 30", C6="error"),
        ),
    ),
    entry(
        "add-unique-expression",
        "A unique constraint of an expression",
        AddConstraint("Customer", models.UniqueConstraint(Lower("email"), name="email_ci")),
        truth=on(
            postgresql=finds("row 34, and duplicates", {"C6|C1": "error"}),
            mysql=finds("C6: duplicates", C6="warning"),
            mariadb=clean("Django: passed over, MariaDB has no expression indexes"),
            sqlite=finds("C6: duplicates", C6="warning"),
        ),
    ),
    entry(
        "add-unique-partial",
        "A unique constraint of some rows",
        AddConstraint(
            "Customer",
            models.UniqueConstraint(
                fields=["email"], name="email_home", condition=models.Q(country="DE")
            ),
        ),
        truth=on(
            postgresql=finds("row 34, and duplicates", {"C6|C1": "error"}),
            innodb=clean("Django: passed over, conditions are not supported (models.W036)"),
            sqlite=finds("C6: duplicates", C6="warning"),
        ),
    ),
    entry(
        "add-unique-deferrable",
        "A unique constraint that is checked at the end of a transaction",
        AddConstraint(
            "Customer",
            models.UniqueConstraint(
                fields=["email"], name="email_late", deferrable=models.Deferrable.DEFERRED
            ),
        ),
        truth=on(
            postgresql=finds("row 30", C6="error"),
            innodb=clean("Django: passed over (models.W038)"),
            sqlite=clean("Django: passed over (models.W038)"),
        ),
    ),
    entry(
        "add-unique-using-index",
        "A unique constraint from an index that is built concurrently before",
        migrations=(
            Pending(
                (
                    RunSQL(
                        "CREATE UNIQUE INDEX CONCURRENTLY email_unique ON shop_customer (email)",
                        "DROP INDEX CONCURRENTLY IF EXISTS email_unique",
                    ),
                ),
                atomic=False,
            ),
            Pending(
                (
                    SeparateDatabaseAndState(
                        database_operations=[
                            RunSQL(
                                "ALTER TABLE shop_customer ADD CONSTRAINT email_unique UNIQUE USING INDEX email_unique",
                                "ALTER TABLE shop_customer DROP CONSTRAINT email_unique",
                            )
                        ],
                        state_operations=[AddConstraint("Customer", _EMAIL)],
                    ),
                )
            ),
        ),
        truth=on(postgresql=clean("rows 31 and 35", tolerates=_REPEAT)),
    ),
    entry(
        "add-unique-to-new-table",
        "A unique constraint and a CHECK of a table that the plan makes",
        CreateModel("Colour", [("id", big_key()), ("name", models.CharField(max_length=20))]),
        AddConstraint("Colour", models.UniqueConstraint(fields=["name"], name="name_unique")),
        AddConstraint("Colour", models.CheckConstraint(condition=~models.Q(name=""), name="named")),
        truth=on(
            every=clean("no rows"),
            innodb=clean("no rows", tolerates={"N1": "half done on failure"}),
        ),
    ),
    entry(
        "add-exclusion",
        "An exclusion constraint",
        AddConstraint(
            "Order",
            ExclusionConstraint(
                name="one_per_day", expressions=[("customer", "="), ("placed_on", "=")]
            ),
        ),
        truth=on(postgresql=finds("row 33: AE for scan and build", C11="error")),
    ),
    entry(
        "sql-add-check",
        "A CHECK by SQL",
        RunSQL(
            "ALTER TABLE shop_order ADD CONSTRAINT positive CHECK (number > 0)",
            "ALTER TABLE shop_order DROP CONSTRAINT positive",
        ),
        truth=on(
            postgresql=finds("C10; row 22", {"C9|C10": "error"}),
            innodb=finds("ADD CHECK is COPY", {"C9|C10|C12": "error"}),
        ),
    ),
    entry(
        "sql-add-check-not-valid",
        "A CHECK of new rows only, by SQL",
        RunSQL(
            "ALTER TABLE shop_order ADD CONSTRAINT positive CHECK (number > 0) NOT VALID",
            "ALTER TABLE shop_order DROP CONSTRAINT positive",
        ),
        truth=on(postgresql=clean("row 23")),
    ),
    entry(
        "sql-validate",
        "A constraint is checked against the rows, by SQL",
        RunSQL("ALTER TABLE shop_order VALIDATE CONSTRAINT positive", RunSQL.noop),
        truth=on(postgresql=clean("row 23: SUE")),
    ),
    entry(
        "sql-not-valid-and-validate-at-once",
        "Both steps by SQL in one transaction",
        RunSQL(
            "ALTER TABLE shop_order ADD CONSTRAINT positive CHECK (number > 0) NOT VALID;"
            "ALTER TABLE shop_order VALIDATE CONSTRAINT positive;",
            "ALTER TABLE shop_order DROP CONSTRAINT positive",
        ),
        truth=on(postgresql=finds("T4", {"T4|C9|C10": "error"})),
    ),
    entry(
        "sql-add-foreign-key",
        "A foreign key by SQL",
        RunSQL(_FK, _DROP_FK),
        truth=on(
            postgresql=finds("C10; row 24", {"C8|C10": "error"}),
            innodb=finds("COPY, LOCK=SHARED", {"C8|C10|C12": "error"}),
        ),
    ),
    entry(
        "sql-add-foreign-key-not-valid",
        "A foreign key of new rows only, by SQL",
        RunSQL(f"{_FK} NOT VALID", _DROP_FK),
        truth=on(
            postgresql=clean("row 25: no scan", tolerates={"T5": "SRE on both for an instant"})
        ),
    ),
    entry(
        "sql-set-not-null",
        "NOT NULL by SQL",
        RunSQL(
            "ALTER TABLE shop_order ALTER COLUMN note SET NOT NULL",
            "ALTER TABLE shop_order ALTER COLUMN note DROP NOT NULL",
        ),
        truth=on(postgresql=finds("row 19", B5="error")),
    ),
    entry(
        "sql-drop-constraint",
        "A constraint is dropped by SQL",
        RunSQL("ALTER TABLE shop_order DROP CONSTRAINT total_not_negative", RunSQL.noop),
        truth=on(postgresql=clean("row 28"), innodb=clean("INSTANT")),
    ),
    entry(
        "sql-domain-check",
        "A CHECK of a domain that columns use",
        RunSQL(
            "ALTER DOMAIN money_amount ADD CONSTRAINT positive CHECK (VALUE >= 0)",
            "ALTER DOMAIN money_amount DROP CONSTRAINT positive",
        ),
        truth=on(
            postgresql=finds("row 57: S on every table that uses it, scans", {"C9|C10": "warning"})
        ),
    ),
)
