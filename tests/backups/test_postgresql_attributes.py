"""Statements that make another database alike."""

from __future__ import annotations

import pytest

from django_safe_migrate.backups.postgresql_attributes import (
    Attributes,
    literal,
    quoted,
    quoted_setting,
)


def test_clauses_of_each_provider() -> None:
    row = {"datcollate": "C", "datctype": "C.UTF-8", "datconnlimit": -1, "datlocprovider": "c"}
    plain = Attributes("shop", 'o"wner', "UTF8", "pg_default", None, row)
    assert plain.create_clauses() == (
        "OWNER \"o\"\"wner\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' CONNECTION LIMIT -1"
    )
    icu = {
        **row,
        "datlocprovider": "i",
        "daticulocale": "de",
        "daticurules": "&a < b",
        "datconnlimit": 5,
    }
    assert Attributes("shop", "o", "UTF8", "fast", None, icu).create_clauses() == (
        "OWNER \"o\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'de' "
        "ICU_RULES '&a < b' TABLESPACE \"fast\" CONNECTION LIMIT 5"
    )
    builtin = {**row, "datlocprovider": "b", "datlocale": "C.UTF-8"}
    assert (
        "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
        in Attributes("s", "o", "UTF8", "pg_default", None, builtin).create_clauses()
    )


@pytest.mark.parametrize(
    ("value", "expected"), [("it's", "'it''s'"), ("a\\b'", " E'a\\\\b'''"), ("", "''")]
)
def test_literals(value: str, expected: str) -> None:
    assert literal(value) == expected


def test_names() -> None:
    assert quoted('a"b') == '"a""b"'
    assert quoted_setting("app.user") == '"app"."user"'
