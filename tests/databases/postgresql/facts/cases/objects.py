"""Triggers, views, types, domains, sequences and other objects. Rows 46 to 49 and 55 to 58 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    AlterDomain,
    AlterEnum,
    ChangeTrigger,
    ChangeView,
    OtherObject,
)
from tests.databases.postgresql.facts.cases.case import Case

_TRIGGERS = (
    Case(
        "CREATE TRIGGER x BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION touch()",
        ChangeTrigger(keywords="CREATE TRIGGER", table="customer", name="x"),
    ),
    Case(
        "CREATE TRIGGER x BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION touch()",
        ChangeTrigger(keywords="CREATE TRIGGER", table="event", name="x"),
    ),
    Case(
        "DROP TRIGGER counted_touch ON counted",
        ChangeTrigger(keywords="DROP TRIGGER", table="counted", name="counted_touch"),
    ),
    Case(
        "ALTER TRIGGER counted_touch ON counted RENAME TO x",
        ChangeTrigger(keywords="ALTER TRIGGER", table="counted", name="counted_touch"),
    ),
    Case(
        "CREATE POLICY x ON customer USING (true)",
        ChangeTrigger(keywords="CREATE POLICY", table="customer", name="x"),
    ),
    Case(
        "DROP POLICY counted_policy ON counted",
        ChangeTrigger(keywords="DROP POLICY", table="counted", name="counted_policy"),
    ),
    Case(
        "CREATE RULE x AS ON DELETE TO customer DO INSTEAD NOTHING",
        ChangeTrigger(keywords="CREATE RULE", table="customer", name="x"),
    ),
)

_VIEWS = (
    Case(
        "CREATE VIEW x AS SELECT id FROM customer",
        ChangeView(keywords="CREATE VIEW", views=("x",), reads=("customer",)),
    ),
    Case(
        "CREATE OR REPLACE VIEW customer_names AS SELECT id, name FROM customer WHERE id > 5",
        ChangeView(
            keywords="CREATE OR REPLACE VIEW", views=("customer_names",), reads=("customer",)
        ),
    ),
    Case(
        "DROP VIEW customer_initials",
        ChangeView(keywords="DROP VIEW", views=("customer_initials",)),
    ),
    Case(
        "DROP VIEW customer_names CASCADE",
        ChangeView(keywords="DROP VIEW", views=("customer_names",), cascade=True),
    ),
    Case(
        "DROP MATERIALIZED VIEW customer_notes",
        ChangeView(keywords="DROP MATERIALIZED VIEW", views=("customer_notes",)),
    ),
    Case(
        "CREATE MATERIALIZED VIEW x AS SELECT id FROM customer",
        ChangeView(keywords="CREATE MATERIALIZED VIEW", views=("x",), reads=("customer",)),
    ),
    Case(
        "ALTER VIEW customer_names RENAME TO x",
        ChangeView(keywords="ALTER VIEW", views=("customer_names",)),
    ),
)

_TYPES = (
    Case(
        "ALTER TYPE mood ADD VALUE 'calm'",
        AlterEnum(type="mood", keywords="ADD VALUE", value="calm"),
    ),
    Case(
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'calm'",
        AlterEnum(type="mood", keywords="RENAME VALUE", value="calm"),
    ),
    *(
        Case(f"ALTER DOMAIN {domain} {text}", AlterDomain(domain=domain, keywords=keywords))
        for domain, text, keywords in (
            ("whole", "ADD CONSTRAINT x CHECK (VALUE > 0)", "ADD"),
            ("whole", "ADD CONSTRAINT x CHECK (VALUE > 0) NOT VALID", "ADD NOT VALID"),
            ("later", "VALIDATE CONSTRAINT later_check", "VALIDATE CONSTRAINT"),
            ("whole", "SET NOT NULL", "SET NOT NULL"),
            ("positive", "DROP CONSTRAINT positive_check", "DROP CONSTRAINT"),
            ("whole", "SET DEFAULT 1", "SET DEFAULT"),
        )
    ),
)

_OTHERS = (
    Case(
        "DROP STATISTICS counted_statistics",
        OtherObject(keywords="DROP STATISTICS", name="counted_statistics"),
        cautious=True,
    ),
    *(
        Case(text, OtherObject(keywords=keywords, name=name, table=table))
        for text, keywords, name, table in (
            ("ALTER SEQUENCE counted_id_seq RESTART", "ALTER SEQUENCE", "counted_id_seq", ""),
            ("ALTER SEQUENCE counted_id_seq AS bigint", "ALTER SEQUENCE", "counted_id_seq", ""),
            ("COMMENT ON TABLE customer IS 'x'", "COMMENT ON", "", "customer"),
            ("COMMENT ON COLUMN customer.code IS 'x'", "COMMENT ON", "", "customer"),
            ("CREATE STATISTICS x ON id, code FROM customer", "CREATE STATISTICS", "x", "customer"),
            ("GRANT SELECT ON customer TO PUBLIC", "GRANT", "", "customer"),
            ("CREATE SEQUENCE x", "CREATE SEQUENCE", "x", ""),
            ("CREATE TYPE x AS ENUM ('a')", "CREATE TYPE", "x", ""),
            ("CREATE EXTENSION IF NOT EXISTS plpgsql", "CREATE EXTENSION", "plpgsql", ""),
            ("CREATE SCHEMA x", "CREATE SCHEMA", "x", ""),
            ("CREATE PUBLICATION x FOR TABLE customer", "CREATE PUBLICATION", "x", "customer"),
        )
    ),
)

CASES = (*_TRIGGERS, *_VIEWS, *_TYPES, *_OTHERS)
