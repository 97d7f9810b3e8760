"""ALTER COLUMN ... TYPE: every pair of types of which the cost is known. Section 2.2 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import AlterColumnType
from tests.databases.postgresql.facts.cases.case import Case, alter


def _change(
    column: str, type: str, table: str = "wide", using: str = "", timezone: str = "UTC"
) -> Case:
    conversion = f" USING {using}" if using else ""
    is_cast = using == f"{column}::{type}"
    return Case(
        f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type}{conversion}",
        alter(table, AlterColumnType(column=column, type=type, using=bool(using) and not is_cast)),
        timezone=timezone,
    )


#: Columns of the table ``wide`` and the types that they become.
_PAIRS = (
    # Strings.
    ("v20", "varchar(30)"),
    ("v20", "varchar"),
    ("v20", "text"),
    ("v20", "varchar(10)"),
    ("v20", "char(20)"),
    ("v", "text"),
    ("t", "varchar"),
    ("t", "varchar(20)"),
    ("plain_v20", "varchar(30)"),
    ("expression_v20", "varchar(30)"),
    ("partial_v20", "varchar(30)"),
    ("like_v20", "varchar(30)"),
    ("like_v20", "text"),
    ("checked", "varchar(30)"),
    ("c10", "text"),
    ("c10", "varchar(10)"),
    ("c10", "char(20)"),
    # Numbers.
    ("n72", "numeric(9, 2)"),
    ("n72", "numeric"),
    ("n72", "numeric(9, 3)"),
    ("n72", "numeric(5, 2)"),
    ("n", "numeric(9, 2)"),
    ("i", "integer"),
    ("i", "bigint"),
    ("i", "smallint"),
    ("i", "numeric"),
    ("i", "text"),
    ("small", "integer"),
    ("big", "integer"),
    ("r", "double precision"),
    ("flag", "integer"),
    # Dates and times.
    ("t3", "time(6)"),
    ("t3", "time"),
    ("t6", "time(3)"),
    ("ts", "timestamp(3)"),
    ("ts", "timestamp(6)"),
    ("ts3", "timestamp"),
    ("iv", "interval(3)"),
    ("iv3", "interval"),
    ("tz", "date"),
    ("d", "timestamp"),
    ("ts", "timestamp with time zone"),
    ("tz", "timestamp"),
    ("tz_indexed", "timestamp"),
    ("tz", "timestamp(3)"),
    ("ts3", "timestamp with time zone"),
    # The rest.
    ("b10", "varbit(20)"),
    ("b10", "varbit"),
    ("b10", "varbit(5)"),
    ("fixed_bits", "varbit(4)"),
    ("b10", "bit(4)"),
    ("net", "inet"),
    ("addr", "cidr"),
    ("j", "jsonb"),
    ("j", "text"),
    ("jb", "json"),
    ("i", "whole"),
    ("i", "positive"),
    ("w", "integer"),
    ("w", "bigint"),
    ("p", "integer"),
    ("plain_v20", "whole"),
    ("va", "varchar(20)[]"),
    ("va", "varchar[]"),
    ("va", "varchar(10)[]"),
    ("va", "text[]"),
    ("vb", "varchar[]"),
    ("vb", "varchar(10)[]"),
    ("vb", "text[]"),
    ("ta", "varchar[]"),
    ("ia", "bigint[]"),
)
_NEED_USING = {
    ("flag", "integer"): "flag::integer",
    ("j", "jsonb"): "",
    ("plain_v20", "whole"): "1",
    ("addr", "cidr"): "'10.0.0.0/8'::cidr",
}

CASES = (
    *(_change(column, type, using=_NEED_USING.get((column, type), "")) for column, type in _PAIRS),
    _change("ts", "timestamp with time zone", timezone="Europe/Berlin"),
    _change("tz", "timestamp", timezone="America/New_York"),
    _change("ts", "timestamp with time zone", timezone="Etc/UTC"),
    Case(
        "ALTER TABLE wide ALTER COLUMN v TYPE text USING upper(v)",
        alter("wide", AlterColumnType(column="v", type="text", using=True)),
        cautious=True,
    ),
    Case(
        "ALTER TABLE wide ALTER COLUMN v TYPE text USING lower(v)::text",
        alter("wide", AlterColumnType(column="v", type="text", using=True)),
        cautious=True,
    ),
    # A cast to the new type is what the server does by itself: reading says that there is no expression.
    *(
        Case(
            f"ALTER TABLE wide ALTER COLUMN {column} TYPE {type} USING {expression}",
            alter("wide", AlterColumnType(column=column, type=type)),
        )
        for column, type, expression in (
            ("v", "text", "v::text"),
            ("v20", "varchar(30)", "CAST(v20 AS varchar(30))"),
            ("v20", "varchar(30)", "v20"),
            ("v20", "varchar(10)", "v20::varchar(10)"),
        )
    ),
    Case(
        'ALTER TABLE wide ALTER COLUMN v20 TYPE varchar(20) COLLATE "C"',
        alter("wide", AlterColumnType(column="v20", type="varchar(20)", collation="C")),
    ),
    Case(
        'ALTER TABLE wide ALTER COLUMN plain_v20 TYPE varchar(30) COLLATE "C"',
        alter("wide", AlterColumnType(column="plain_v20", type="varchar(30)", collation="C")),
    ),
    # Columns of keys.
    _change("id", "bigint", table="region"),
    _change("id", "integer", table="region"),
    _change("id", "bigint", table="category"),
    _change("parent_id", "bigint", table="category"),
    _change("ledger_id", "bigint", table="entry"),
    _change("customer_id", "bigint", table="purchase"),
    _change("email", "varchar", table="customer"),
    _change("email", "varchar(200)", table="customer"),
    _change("email", "varchar", table="purchase"),
    _change("code", "bigint", table="customer"),
    _change("code", "integer", table="customer"),
    _change("kind", "varchar", table="event"),
    _change("id", "bigint", table="event"),
    _change("customer_id", "bigint", table="elsewhere.stock"),
    Case(
        "ALTER TABLE customer ALTER COLUMN name TYPE text",
        alter("customer", AlterColumnType(column="name", type="text")),
        refused="0A000",
    ),
)
