"""What a CHECK proves to hold no NULL."""

from __future__ import annotations

import pytest

from django_safe_migrate.databases.postgresql.live_catalogue.proofs import proven_not_null


@pytest.mark.parametrize(
    ("definition", "columns"),
    [
        ("CHECK ((a IS NOT NULL))", ("a",)),
        ("CHECK ((a IS NOT NULL)) NOT VALID", ("a",)),
        ("CHECK ((a IS NOT NULL)) NO INHERIT", ("a",)),
        ("CHECK (((a IS NOT NULL) AND (b > 0) AND (c IS NOT NULL)))", ("a", "c")),
        ("CHECK ((((a IS NOT NULL) AND (b IS NOT NULL)) AND (c > 0)))", ("a", "b")),
        ('CHECK (("Mixed ""x"" Case" IS NOT NULL))', ('Mixed "x" Case',)),
        ("CHECK (((a IS NOT NULL) OR (b IS NOT NULL)))", ()),
        ("CHECK ((((a IS NOT NULL) OR (b > 0)) AND (c IS NOT NULL)))", ("c",)),
        ("CHECK ((NOT (a IS NOT NULL)))", ()),
        ("CHECK ((lower(a) IS NOT NULL))", ()),
        ("CHECK (((a + 1) IS NOT NULL))", ()),
        ("CHECK ((a IS NULL))", ()),
        ("CHECK (((b <> '(a IS NOT NULL) AND (c IS NOT NULL)'::text)))", ()),
        ("CHECK ((((a IS NOT NULL) AND (b > 0)) IS TRUE))", ()),
        ("CHECK (CASE WHEN (a IS NOT NULL) THEN true ELSE false END)", ()),
        ("NOT NULL a", ()),
        ("", ()),
    ],
)
def test_only_plain_conjuncts_are_proofs(definition: str, columns: tuple[str, ...]) -> None:
    assert proven_not_null(definition) == columns
