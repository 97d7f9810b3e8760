from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from django_safe_migrate.databases.statements import (
    AddColumn,
    AlterTable,
    ChangeRows,
    CreateTable,
    Default,
    DropTable,
    Select,
    SetDefault,
    Unread,
)
from django_safe_migrate.sql.reading import (
    canonical_type,
    read,
    split_statements,
    tables_named,
    tables_read,
    tables_written,
)
from tests.sql.reading.statements import ALL


@pytest.mark.parametrize(
    ("vendor", "text", "expected"), ALL, ids=[f"{vendor}: {text[:60]}" for vendor, text, _ in ALL]
)
def test_statement(vendor: str, text: str, expected: list[Any]) -> None:
    assert list(read([text], vendor)) == expected


@pytest.mark.parametrize(("vendor", "text", "expected"), ALL, ids=str)
def test_statement_among_others(vendor: str, text: str, expected: list[Any]) -> None:
    """Comments around it, other statements before and after, and the case of its words change nothing."""
    read_of = read([f"SELECT 1; -- ; one\n/* ; */\n{text}\n;\n\n;VALUES (1)"], vendor)
    assert list(read_of[1:-1]) == expected


@pytest.mark.parametrize(("vendor", "text", "expected"), ALL, ids=str)
def test_one_statement_is_not_split_again(vendor: str, text: str, expected: list[Any]) -> None:
    assert split_statements(text, vendor) == (text,)


def test_text_is_what_was_written() -> None:
    sql = "-- first\nSELECT  1 ; /* second */ DROP TABLE \n x -- last"
    assert [one.text for one in read([sql], "postgresql")] == ["SELECT  1", "DROP TABLE \n x"]


def test_nothing() -> None:
    assert read([], "postgresql") == ()
    assert read(["", " ; ;\n", "-- only a comment", "/* another"], "postgresql") == ()


def test_several_texts() -> None:
    assert read(["DROP TABLE a", "DROP TABLE b; DROP TABLE c"], "sqlite") == (
        DropTable(tables=("a",)),
        DropTable(tables=("b",)),
        DropTable(tables=("c",)),
    )


def test_unknown_vendor() -> None:
    assert read(['DROP TABLE "T", `U`'], "somebase") == (DropTable(tables=("T", "U")),)


def test_names_as_they_are_stored() -> None:
    def table(name: str, vendor: str) -> str:
        [found] = read([f"DROP TABLE {name}"], vendor)
        return tables_written(found)[0]

    assert table("Shop_Order", "postgresql") == "shop_order"
    assert table('"Shop ""Order"""', "postgresql") == 'Shop "Order"'
    assert table("public.t", "postgresql") == "t"
    assert table('"Other".T', "postgresql") == "Other.t"
    assert table("Shop_Order", "mysql") == "Shop_Order"
    assert table("`a``b`", "mysql") == "a`b"
    assert table("[a b]", "sqlite") == "a b"
    assert table("main.T", "sqlite") == "T"


# --- where a statement ends -----------------------------------------------------------------------------------------------------


def parts(text: str, vendor: str = "postgresql") -> list[str]:
    return list(split_statements(text, vendor))


def test_semicolons_in_quotes_and_comments() -> None:
    assert parts("SELECT ';', \"a;b\", $$;$$, $x$ $$;$y$ $x$ -- ;\n; SELECT 2") == [
        "SELECT ';', \"a;b\", $$;$$, $x$ $$;$y$ $x$",
        "SELECT 2",
    ]
    assert parts("SELECT E'\\';', 'it''s;' ; SELECT 2") == ["SELECT E'\\';', 'it''s;'", "SELECT 2"]
    assert parts("SELECT '\\'; SELECT 2") == ["SELECT '\\'", "SELECT 2"]
    assert parts("SELECT '\\';'; SELECT \"x\\\";\" # ;\n; SELECT 2", "mysql") == [
        "SELECT '\\';'",
        'SELECT "x\\";"',
        "SELECT 2",
    ]
    assert parts("/* a /* b ; */ ; */ SELECT 1; SELECT 2") == ["SELECT 1", "SELECT 2"]
    assert parts("/* a /* b ; */ SELECT 1; SELECT 2", "mysql") == ["SELECT 1", "SELECT 2"]


def test_what_is_never_closed() -> None:
    for text in ("SELECT 'a; DROP TABLE t", "SELECT $$; x", 'SELECT "a;', "SELECT 1 /* ; x"):
        assert len(parts(text)) == 1
    assert parts("SELECT ((1; DROP TABLE t") == ["SELECT ((1", "DROP TABLE t"]


@pytest.mark.parametrize(
    ("vendor", "text"),
    [
        ("sqlite", "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; END"),
        (
            "mysql",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.x THEN SET NEW.y = 1; END IF",
        ),
        ("mysql", "CREATE PROCEDURE p() l: BEGIN lp: LOOP SELECT 1; LEAVE lp; END LOOP lp; END l"),
        (
            "mysql",
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; ELSE WHILE b DO SELECT 2; END WHILE; END IF; END",
        ),
        (
            "mysql",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; SELECT IF(1, 2, 3); END",
        ),
        ("mysql", "CREATE FUNCTION f() RETURNS int RETURN (SELECT CASE WHEN 1 THEN 2 END)"),
        (
            "postgresql",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN 1 THEN 2 END; END",
        ),
        (
            "postgresql",
            "CREATE FUNCTION f() RETURNS void AS 'DELETE FROM t; DELETE FROM u' LANGUAGE sql",
        ),
        ("postgresql", "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)"),
    ],
)
def test_bodies_are_not_split(vendor: str, text: str) -> None:
    assert parts(f"{text}; DROP TABLE x", vendor) == [text, "DROP TABLE x"]
    assert read([text], vendor) != ()
    assert not any(isinstance(one, ChangeRows | Select) for one in read([text], vendor))


def test_commands_of_client_programs() -> None:
    found = read(["\\i other.sql\nSELECT 1; \\connect shop"], "postgresql")
    assert found == (
        Unread(reason="It is a command of a client program, \\i, not SQL."),
        Select(),
        Unread(reason="It is a command of a client program, \\connect, not SQL."),
    )
    [delimiter, *_] = read(["DELIMITER //\nDROP TABLE t"], "mysql")
    assert delimiter == Unread(reason="It is a command of a client program, DELIMITER, not SQL.")


# --- rows -----------------------------------------------------------------------------------------------------------------------


def test_parameters_and_percent_signs() -> None:
    assert read(["DELETE FROM t WHERE a IN %s AND b LIKE 'x%%' LIMIT %s"], "mysql") == (
        ChangeRows(kind="delete", table="t", conditional=True),
    )
    assert read(["UPDATE t SET a = %(a)s, b = $1"], "postgresql") == (
        ChangeRows(kind="update", table="t"),
    )


@pytest.mark.parametrize("condition", ["true", "1 = 1", "(1 = 1)", "1", "'a' = 'a'"])
def test_condition_that_is_always_true(condition: str) -> None:
    [found] = read([f"DELETE FROM t WHERE {condition}"], "postgresql")
    assert found == ChangeRows(kind="delete", table="t")


@pytest.mark.parametrize("condition", ["false", "1 = 2", "a = a", "a", "0"])
def test_condition_that_may_be_false(condition: str) -> None:
    [found] = read([f"DELETE FROM t WHERE {condition}"], "postgresql")
    assert found == ChangeRows(kind="delete", table="t", conditional=True)


def test_rows_that_the_parser_cannot_read() -> None:
    """Read by keywords: what is destroyed must not depend on a clause that nobody knows."""
    odd = "!!! ??? @@@"
    assert read([f"DELETE FROM ONLY shop.t {odd}"], "postgresql") == (
        ChangeRows(kind="delete", table="shop.t"),
    )
    assert read([f"UPDATE t SET a = 1 FROM u WHERE {odd}"], "postgresql") == (
        ChangeRows(kind="update", table="t", conditional=True, reads=("u",)),
    )
    assert read([f"INSERT INTO t SELECT {odd} FROM u JOIN v ON 1"], "postgresql") == (
        ChangeRows(kind="insert", table="t", reads=("u", "v")),
    )
    assert read([f"WITH x AS (DELETE FROM t) SELECT {odd} FROM x"], "postgresql") == (
        ChangeRows(kind="delete", table="t"),
        Select(reads=("t",)),
    )


def test_dump_of_many_rows_is_read_quickly() -> None:
    values = ", ".join(f"({n}, 'row ; {n}')" for n in range(5_000))
    assert read([f"INSERT INTO t (a, b) VALUES {values}; DROP TABLE u"], "postgresql") == (
        ChangeRows(kind="insert", table="t"),
        DropTable(tables=("u",)),
    )


def test_deep_nesting() -> None:
    [found] = read([f"SELECT {'(' * 3_000}1{')' * 3_000}"], "postgresql")
    assert isinstance(found, Select)


def test_schema_statements_do_not_import_the_parser() -> None:
    code = (
        "import sys; from django_safe_migrate.sql.reading import read;"
        "read(['ALTER TABLE t ADD a int; CREATE INDEX i ON t (a); DROP TABLE t'], 'postgresql');"
        "assert 'sqlglot' not in sys.modules; read(['SELECT 1'], 'postgresql'); assert 'sqlglot' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- defaults and types ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("NULL", Default.NONE),
        ("5", Default.CONSTANT),
        ("-5", Default.CONSTANT),
        ("('x')", Default.CONSTANT),
        ("'x'::character varying(20)", Default.CONSTANT),
        ("'{}'::jsonb", Default.CONSTANT),
        ("date '2026-01-01'", Default.CONSTANT),
        ("true", Default.CONSTANT),
        ("%s", Default.CONSTANT),
        ("1 + 1", Default.IMMUTABLE),
        ("lower('A')", Default.IMMUTABLE),
        ("ARRAY[]::text[]", Default.IMMUTABLE),
        ("'x' || 'y'", Default.IMMUTABLE),
        ("now()", Default.STABLE),
        ("CURRENT_TIMESTAMP", Default.STABLE),
        ("date_trunc('day', now())", Default.STABLE),
        ("now() AT TIME ZONE 'utc'", Default.STABLE),
        ("gen_random_uuid()", Default.VOLATILE),
        ("clock_timestamp()", Default.VOLATILE),
        ("lower(gen_random_uuid()::text)", Default.VOLATILE),
        ("nextval('s'::regclass)", Default.VOLATILE),
        ("shop.my_function(1)", Default.VOLATILE),
    ],
)
def test_default(expression: str, expected: Default) -> None:
    [found] = read([f"ALTER TABLE t ADD a text DEFAULT {expression} NOT NULL"], "postgresql")
    assert isinstance(found, AlterTable)
    [action] = found.actions
    assert isinstance(action, AddColumn)
    assert (action.column.default, action.column.null) == (expected, False)


def test_set_default_of_null_is_a_default() -> None:
    [found] = read(["ALTER TABLE t ALTER a SET DEFAULT NULL"], "postgresql")
    assert found == AlterTable(
        table="t", actions=(SetDefault(column="a", default=Default.CONSTANT),)
    )


@pytest.mark.parametrize(
    ("vendor", "text", "expected"),
    [
        ("postgresql", "CHARACTER VARYING (20)", "varchar(20)"),
        ("postgresql", "varchar", "varchar"),
        ("postgresql", "char", "char(1)"),
        ("postgresql", "INT4", "integer"),
        ("postgresql", "decimal(8,2)", "numeric(8, 2)"),
        ("postgresql", "numeric(8)", "numeric(8, 0)"),
        ("postgresql", "timestamptz", "timestamp with time zone"),
        ("postgresql", "timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("postgresql", "timestamptz(3)", "timestamp(3) with time zone"),
        ("postgresql", "timestamp without time zone", "timestamp"),
        ("postgresql", "float", "double precision"),
        ("postgresql", "float(10)", "real"),
        ("postgresql", "int[]", "integer[]"),
        ("postgresql", "text ARRAY", "text[]"),
        ("postgresql", "pg_catalog.varchar(5)", "varchar(5)"),
        ("postgresql", "shop.mood", "shop.mood"),
        ("postgresql", "double precision", "double precision"),
        ("mysql", "INT(11) UNSIGNED", "integer unsigned"),
        ("mysql", "tinyint(1)", "bool"),
        ("mysql", "boolean", "bool"),
        ("mysql", "decimal", "numeric(10, 0)"),
        ("mysql", "double", "double precision"),
        ("mysql", "enum('A','b, c')", "enum('A', 'b, c')"),
        ("mysql", "datetime(6)", "datetime(6)"),
        ("postgresql", '"', '"'),
        ("sqlite", "VARCHAR(20)", "varchar(20)"),
        ("sqlite", "integer unsigned", "integer unsigned"),
    ],
)
def test_type(vendor: str, text: str, expected: str) -> None:
    assert canonical_type(text, vendor) == expected
    assert canonical_type(expected, vendor) == expected


# --- tables ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written", "read_from"),
    [
        (
            "ALTER TABLE a ADD b int REFERENCES c, ADD FOREIGN KEY (d) REFERENCES e",
            ["a"],
            ["c", "e"],
        ),
        ("ALTER TABLE a ATTACH PARTITION b DEFAULT", ["a", "b"], []),
        ("CREATE TABLE a (b int REFERENCES c)", ["a"], ["c"]),
        ("CREATE TABLE a AS SELECT * FROM b", ["a"], ["b"]),
        ("CREATE TABLE a PARTITION OF b DEFAULT", ["a"], ["b"]),
        ("INSERT INTO a SELECT * FROM b", ["a"], ["b"]),
        ("SELECT * FROM a, b", [], ["a", "b"]),
        ("CREATE VIEW v AS SELECT * FROM a", [], ["a"]),
        ("DROP TABLE a, b", ["a", "b"], []),
        ("TRUNCATE a, b", ["a", "b"], []),
        ("LOCK TABLE a", ["a"], []),
        ("VACUUM a", ["a"], []),
        ("REINDEX TABLE a", ["a"], []),
        ("REINDEX INDEX i", [], []),
        ("CREATE INDEX i ON a (b)", ["a"], []),
        ("DROP INDEX i", [], []),
        ("CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", ["a"], []),
        ("COMMENT ON COLUMN a.b IS 'x'", ["a"], []),
        ("CREATE EXTENSION x", [], []),
    ],
)
def test_tables(text: str, written: list[str], read_from: list[str]) -> None:
    [found] = read([text], "postgresql")
    assert list(tables_written(found)) == written
    assert list(tables_read(found)) == read_from
    assert list(tables_named(found)) == [*written, *read_from]


def test_table_that_references_itself() -> None:
    [found] = read(["CREATE TABLE a (id int PRIMARY KEY, parent int REFERENCES a)"], "postgresql")
    assert isinstance(found, CreateTable)
    assert found.references == ()
