"""No value of a query of another session is left in its text."""

from __future__ import annotations

import pytest

from django_safe_migrate.databases.queries import without_values


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM t WHERE a = 'x' AND b = 17", "SELECT * FROM t WHERE a = ? AND b = ?"),
        ("SELECT 'it''s', E'it\\'s', $$body$$, $q$x'y$q$, 1.5e3, 0xff", "SELECT ?, ?, ?, ?, ?, ?"),
        ("SELECT 'a\\', 'secret'", "SELECT ?, ?"),
        ('SELECT "it\'s a name", t1.c2 FROM "t3"', 'SELECT "it\'s a name", t1.c2 FROM "t3"'),
        ("SELECT 1 -- secret\n, /* secret */ 2", "SELECT ? , ?"),
        ("SELECT 'cut off in the mid", "SELECT ?"),
        ("SELECT $$cut off", "SELECT ?"),
        ("SELECT $1, '-- no comment'", "SELECT $?, ?"),
        ("UPDATE t SET a = -5, b = .5", "UPDATE t SET a = -?, b = ?"),
        (None, ""),
    ],
)
def test_standard_sql(sql: str | None, expected: str) -> None:
    assert without_values(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT \"secret\", 'it\\'s', `col'umn` # secret", "SELECT ?, ?, `col'umn`"),
        ("SELECT _utf8mb4'secret', x'ff', \"cut off", "SELECT ?, ?, ?"),
    ],
)
def test_mysql(sql: str, expected: str) -> None:
    assert without_values(sql, mysql=True) == expected
