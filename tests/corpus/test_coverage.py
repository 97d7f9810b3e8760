"""No hazard without a rule, and for every vendor that has it an entry with the harm and one that only looks like it."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.corpus import __doc__ as codes_page
from tests.corpus.coverage import HAZARDS, Hazard
from tests.corpus.entry import VENDORS
from tests.corpus.judge import all_entries
from tests.corpus.rule_hazards import RULE_HAZARDS

ENTRIES = {one.id: one for one in all_entries()}
OF_RULES = {code: one for code, one in HAZARDS.items() if not (one.elsewhere or one.none)}
#: The rows of the table of hazards, of which none may be left out.
LISTED = [
    f"{letter}{number}"
    for letter, last in (("A", 8), ("B", 10), ("C", 22), ("D", 11), ("E", 10), ("F", 8))
    for number in range(1, last + 1)
]


def test_no_hazard_is_left_out() -> None:
    assert [code for code in LISTED if code not in HAZARDS] == []


def test_every_code_of_a_rule_and_of_an_entry_is_a_hazard() -> None:
    told = {code for codes in RULE_HAZARDS.values() for code in codes}
    truths = [truth for entry in ENTRIES.values() for truth in entry.truth.values()]
    wanted = {code for truth in truths for code in truth.acceptable}
    assert (told | wanted) - set(HAZARDS) == set()


def test_the_page_of_codes_names_those_of_rules() -> None:
    assert codes_page is not None
    named = set(re.findall(r"\b(?:[A-FNOPSTW]\d{1,2}|PK|RL|MX|SX)\b", codes_page))
    assert sorted(set(OF_RULES) - named) == []


@pytest.mark.parametrize("code", OF_RULES)
def test_a_rule_stands_for_the_hazard(code: str) -> None:
    assert [rule for rule, codes in RULE_HAZARDS.items() if code in codes]


@pytest.mark.parametrize(
    ("code", "vendor"), [(c, v) for c, one in OF_RULES.items() for v in one.vendors]
)
def test_an_entry_has_the_hazard(code: str, vendor: str) -> None:
    assert [
        entry.id
        for entry in ENTRIES.values()
        if vendor in entry.truth
        and any(code in codes.split("|") for codes in entry.truth[vendor].required)
    ], f"No entry of the corpus demands {code} on {vendor}."


@pytest.mark.parametrize(
    ("code", "vendor"), [(c, v) for c, one in OF_RULES.items() for v in one.vendors]
)
def test_an_entry_only_looks_like_the_hazard(code: str, vendor: str) -> None:
    near = [ENTRIES[name] for name in HAZARDS[code].harmless]
    assert near
    assert [
        one.id for one in near if vendor in one.truth and code not in one.truth[vendor].acceptable
    ], f"No entry that is near {code} is said to be free of it on {vendor}."


@pytest.mark.parametrize("code", OF_RULES)
def test_a_hazard_is_demanded_only_where_it_exists(code: str) -> None:
    assert [
        (entry.id, vendor)
        for entry in ENTRIES.values()
        for vendor, truth in entry.truth.items()
        if vendor not in HAZARDS[code].vendors and code in truth.required
    ] == []


@pytest.mark.parametrize("code", [code for code, one in HAZARDS.items() if one.elsewhere])
def test_who_else_sees_to_it_exists(code: str) -> None:
    module = importlib.import_module(f"django_safe_migrate.{HAZARDS[code].elsewhere}")
    assert module.__doc__


def test_every_hazard_says_one_thing_only() -> None:
    for code, one in HAZARDS.items():
        assert isinstance(one, Hazard)
        assert one.what, code
        assert sum(map(bool, (one.harmless, one.elsewhere, one.none))) == 1, code
        assert set(one.vendors) <= set(VENDORS), code
