"""Constraints: added with and without a look at the rows, validated, dropped. Rows 19 to 33 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    AddConstraint,
    ConstraintKind,
    DropColumn,
    DropConstraint,
    OtherAction,
    SetNotNull,
    ValidateConstraint,
)
from tests.databases.postgresql.facts.cases.case import Case, alter

K = ConstraintKind


def _add(
    text: str, table: str, constraint: AddConstraint, since: int = 0, refused: str = ""
) -> Case:
    return Case(
        f"ALTER TABLE {table} ADD {text}", alter(table, constraint), since=since, refused=refused
    )


def _key(
    column: str = "total", references: str = "region", *, not_valid: bool = False
) -> AddConstraint:
    return AddConstraint(
        kind=K.FOREIGN_KEY, name="x", columns=(column,), references=references, not_valid=not_valid
    )


_ADDED = (
    _add("CONSTRAINT x CHECK (code > 0)", "customer", AddConstraint(kind=K.CHECK, name="x")),
    _add("CONSTRAINT x CHECK (day >= 0)", "event", AddConstraint(kind=K.CHECK, name="x")),
    _add(
        "CONSTRAINT x CHECK (code > 0) NOT VALID",
        "customer",
        AddConstraint(kind=K.CHECK, name="x", not_valid=True),
    ),
    _add(
        "CONSTRAINT x NOT NULL code",
        "customer",
        AddConstraint(kind=K.NOT_NULL, name="x", columns=("code",)),
        since=18,
    ),
    _add(
        "CONSTRAINT x NOT NULL code NOT VALID",
        "customer",
        AddConstraint(kind=K.NOT_NULL, name="x", columns=("code",), not_valid=True),
        since=18,
    ),
    _add("CONSTRAINT x FOREIGN KEY (total) REFERENCES region", "purchase", _key()),
    _add(
        "CONSTRAINT x FOREIGN KEY (total) REFERENCES region (id) DEFERRABLE INITIALLY DEFERRED",
        "purchase",
        _key(),
    ),
    _add(
        "CONSTRAINT x FOREIGN KEY (total) REFERENCES region NOT VALID",
        "purchase",
        _key(not_valid=True),
    ),
    _add("CONSTRAINT x FOREIGN KEY (id) REFERENCES region", "event", _key("id")),
    _add(
        "CONSTRAINT x FOREIGN KEY (total) REFERENCES elsewhere.stock",
        "purchase",
        _key(references="elsewhere.stock"),
    ),
    _add(
        "CONSTRAINT x UNIQUE (name, id)",
        "customer",
        AddConstraint(kind=K.UNIQUE, name="x", columns=("name", "id")),
    ),
    _add("UNIQUE (name, id)", "customer", AddConstraint(kind=K.UNIQUE, columns=("name", "id"))),
    _add(
        "CONSTRAINT x UNIQUE (day)",
        "event",
        AddConstraint(kind=K.UNIQUE, name="x", columns=("day",)),
    ),
    _add("PRIMARY KEY (day)", "event", AddConstraint(kind=K.PRIMARY_KEY, columns=("day",))),
    _add("PRIMARY KEY (total)", "unchecked", AddConstraint(kind=K.PRIMARY_KEY, columns=("total",))),
    _add("PRIMARY KEY (id)", "unchecked", AddConstraint(kind=K.PRIMARY_KEY, columns=("id",))),
    _add(
        "CONSTRAINT x UNIQUE USING INDEX unchecked_total",
        "unchecked",
        AddConstraint(kind=K.UNIQUE, name="x", using_index="unchecked_total"),
    ),
    *(
        _add(
            f"CONSTRAINT x PRIMARY KEY USING INDEX {index}",
            "unchecked",
            AddConstraint(kind=K.PRIMARY_KEY, name="x", using_index=index),
        )
        for index in ("unchecked_id", "unchecked_total", "unchecked_proven_index")
    ),
    _add(
        "CONSTRAINT x EXCLUDE USING btree (id WITH =)",
        "customer",
        AddConstraint(kind=K.EXCLUDE, name="x", columns=("id",)),
    ),
)

_VALIDATED = (
    *(
        Case(
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
            alter(table, ValidateConstraint(name=name)),
            since=since,
        )
        for table, name, since in (
            ("lazy", "lazy_a", 0),
            ("lazy", "lazy_customer", 0),
            ("purchase", "purchase_customer", 0),
        )
    ),
)

_DROPPED = (
    *(
        Case(
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            alter(table, DropConstraint(name=name)),
        )
        for table, name in (
            ("purchase", "purchase_customer"),
            ("elsewhere.stock", "stock_customer_id_fkey"),
            ("event", "event_customer"),
            ("customer", "customer_code_positive"),
            ("counted", "counted_pkey"),
        )
    ),
    Case(
        "ALTER TABLE customer DROP CONSTRAINT customer_email_unique CASCADE",
        alter("customer", DropConstraint(name="customer_email_unique", cascade=True)),
    ),
    Case(
        "ALTER TABLE customer DROP CONSTRAINT customer_pkey CASCADE",
        alter("customer", DropConstraint(name="customer_pkey", cascade=True)),
    ),
    Case(
        "ALTER TABLE customer DROP CONSTRAINT IF EXISTS nothing",
        alter("customer", DropConstraint(name="nothing", if_exists=True)),
    ),
)

_OTHERS = (
    Case(
        "ALTER TABLE purchase ALTER CONSTRAINT purchase_customer NOT DEFERRABLE",
        alter("purchase", OtherAction(keywords="ALTER CONSTRAINT")),
    ),
    Case(
        "ALTER TABLE customer RENAME CONSTRAINT customer_code_positive TO x",
        alter("customer", OtherAction(keywords="RENAME CONSTRAINT")),
    ),
    Case(
        "ALTER TABLE customer RENAME CONSTRAINT customer_pkey TO x",
        alter("customer", OtherAction(keywords="RENAME CONSTRAINT")),
    ),
    Case(
        "ALTER TABLE customer ALTER COLUMN code SET NOT NULL, ADD CONSTRAINT x CHECK (code > 1) NOT VALID",
        alter(
            "customer",
            SetNotNull(column="code"),
            AddConstraint(kind=K.CHECK, name="x", not_valid=True),
        ),
    ),
    Case(
        "ALTER TABLE purchase ADD CONSTRAINT x FOREIGN KEY (total) REFERENCES region NOT VALID, ALTER COLUMN total SET NOT NULL",
        alter("purchase", _key(not_valid=True), SetNotNull(column="total")),
    ),
)

#: One side is partitioned, or both are the same table.
_UNUSUAL = (
    _add("CONSTRAINT x FOREIGN KEY (id) REFERENCES ledger", "entry", _key("id", "ledger")),
    _add(
        "CONSTRAINT x FOREIGN KEY (id) REFERENCES ledger NOT VALID",
        "entry",
        _key("id", "ledger", not_valid=True),
    ),
    _add("CONSTRAINT x FOREIGN KEY (id) REFERENCES category", "category", _key("id", "category")),
    *(
        Case(f"ALTER TABLE {table} DROP CONSTRAINT {name}", alter(table, DropConstraint(name=name)))
        for table, name in (("entry", "entry_ledger"), ("category", "category_parent"))
    ),
    Case("ALTER TABLE entry DROP COLUMN ledger_id", alter("entry", DropColumn(column="ledger_id"))),
    Case(
        "ALTER TABLE category DROP COLUMN parent_id",
        alter("category", DropColumn(column="parent_id")),
    ),
)

CASES = (
    *_ADDED,
    *_UNUSUAL,
    Case(
        "ALTER TABLE event ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES region NOT VALID",
        alter("event", _key("id", not_valid=True)),
        since=18,
        before="42809",
    ),
    *_VALIDATED,
    *_DROPPED,
    *_OTHERS,
)
