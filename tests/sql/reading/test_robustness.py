"""No text is too odd: everything is read, nothing is left out, nothing raises."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_safe_migrate.databases.statements import Statement, Unread
from django_safe_migrate.sql.reading import canonical_type, read, split_statements
from tests.sql.reading.statements import ALL

VENDORS = ["postgresql", "mysql", "sqlite", "oracle", "somebase"]
#: What SQL is made of, so that random texts get further than their first word.
WORDS = sorted({word for _, text, _ in ALL for word in text.split()} | set("();,.'\"`$[]\\%:-/*#"))

texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=30).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(VENDORS))
def test_no_text_makes_reading_fail(text: str, vendor: str) -> None:
    found = read([text], vendor)
    assert all(isinstance(one, Statement) and one.text for one in found)
    assert all(one.reason.endswith(".") for one in found if isinstance(one, Unread))


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(VENDORS))
def test_every_statement_is_read(text: str, vendor: str) -> None:
    parts = split_statements(text, vendor)
    assert len(read([text], vendor)) >= len(parts)


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(VENDORS))
def test_splitting_what_was_split_changes_nothing(text: str, vendor: str) -> None:
    for part in split_statements(text, vendor):
        assert split_statements(part, vendor) == (part,)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(VENDORS))
def test_no_type_is_too_odd(text: str, vendor: str) -> None:
    assert isinstance(canonical_type(text, vendor), str)


@pytest.mark.parametrize(("vendor", "text", "expected"), ALL, ids=str)
def test_statement_that_is_cut_off_anywhere(vendor: str, text: str, expected: object) -> None:
    words = text.split(" ")
    for end in range(len(words)):
        assert len(read([" ".join(words[:end])], vendor)) >= (1 if any(words[:end]) else 0)


@pytest.mark.parametrize(("vendor", "text", "expected"), ALL, ids=str)
def test_statement_with_a_word_taken_out(vendor: str, text: str, expected: object) -> None:
    words = text.split(" ")
    place = random.Random(text).randrange(len(words))  # noqa: S311 - the same in every run
    assert isinstance(read([" ".join(words[:place] + words[place + 1 :])], vendor), tuple)
