"""Recall and false alarms of the analysis on the corpus, and the corpus and its judge themselves."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from django.db import models
from django.db.migrations import AddField, RemoveField

from django_safe_migrate import conf
from django_safe_migrate.analysis import rule_names
from django_safe_migrate.findings import Finding, Severity
from tests.corpus.disagreements import DISAGREEMENTS
from tests.corpus.entry import LEVELS, Entry, Truth, clean, entry, finds, on
from tests.corpus.judge import all_entries, cases, found_on, judge, summary
from tests.corpus.rule_hazards import META, RULE_HAZARDS

CORPUS = all_entries()
CASES = [pytest.param(one, vendor, id=f"{one.id}-{vendor}") for one, vendor in cases(CORPUS)]


def _unless_known(one: Entry, vendor: str) -> Any:
    """A known disagreement must still be one: when it is gone, its line goes too."""
    reason = DISAGREEMENTS.get((one.id, vendor))
    marks = () if reason is None else (pytest.mark.xfail(reason=reason, strict=True),)
    return pytest.param(one, vendor, id=f"{one.id}-{vendor}", marks=marks)


CODE = re.compile(r"[A-FTNOPS]\d{1,2}|PK|RL|MX|W1|SX")


@pytest.mark.parametrize(("case", "vendor"), [_unless_known(*one) for one in cases(CORPUS)])
def test_the_analysis_tells_the_truth(case: Entry, vendor: str) -> None:
    verdict = judge(case, vendor)
    assert verdict.is_right, f"\n{verdict}"


# --- the corpus -------------------------------------------------------------------------------------------------------------


def test_there_are_enough_entries_and_near_misses() -> None:
    assert len(CORPUS) >= 130
    assert sum(all(truth.is_clean for truth in one.truth.values()) for one in CORPUS) >= 45


def test_ids_are_unique_and_in_kebab_case() -> None:
    ids = [one.id for one in CORPUS]
    assert sorted(set(ids)) == sorted(ids)
    assert [id for id in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id)] == []


@pytest.mark.parametrize(("case", "vendor"), CASES)
def test_every_truth_has_its_reasons_and_known_codes(case: Entry, vendor: str) -> None:
    truth = case.truth[vendor]
    assert truth.because
    assert case.description
    assert all(truth.tolerated.values())
    assert all(CODE.fullmatch(code) for code in truth.acceptable)
    assert set(truth.required.values()) <= set(LEVELS)


def test_every_known_disagreement_is_about_a_case_and_has_a_reason() -> None:
    assert set(DISAGREEMENTS) - {(one.id, vendor) for one, vendor in cases(CORPUS)} == set()
    assert all(DISAGREEMENTS.values())


def test_every_rule_has_its_hazards() -> None:
    assert set(RULE_HAZARDS) | META == rule_names(conf.load())


# --- the judge --------------------------------------------------------------------------------------------------------------


def _example(truth: Truth) -> Entry:
    return entry(
        "example", "A column goes away", RemoveField("Order", "note"), truth=on(every=truth)
    )


def _finding(rule: str, severity: Severity) -> Finding:
    return Finding(rule=rule, severity=severity, message=f"{rule} was seen.")


DROPPED = _finding("drop_column", Severity.ERROR)


def test_the_judge_asks_the_real_analysis() -> None:
    assert judge(_example(finds("A1", A1="error")), "postgresql").is_right
    assert not judge(_example(clean("wrong")), "postgresql").is_right
    assert not judge(_example(finds("wrong", A1="error", C1="error")), "postgresql").is_right


def test_a_hazard_that_nobody_told_is_missing() -> None:
    verdict = judge(_example(finds("wrong", A1="error", C1="warning")), "postgresql", [DROPPED])
    assert verdict.missing == {"C1": "warning"}
    assert str(verdict) == "example on postgresql (wrong)\n  missing C1 (warning)"


def test_a_hazard_told_at_info_level_is_missing() -> None:
    verdict = judge(
        _example(finds("A1", A1="warning")),
        "postgresql",
        [_finding("drop_column", Severity.INFO)],
    )
    assert verdict.missing == {"A1": "warning"}


def test_a_hazard_told_below_its_level_is_too_low() -> None:
    verdict = judge(
        _example(finds("A1", A1="error")),
        "postgresql",
        [_finding("drop_column", Severity.WARNING)],
    )
    assert (verdict.missing, verdict.too_low) == ({}, {"A1": "error"})
    assert not verdict.is_right
    assert str(verdict) == "example on postgresql (A1)\n  too low A1 (error expected)"


def test_one_of_several_codes_is_enough_and_a_higher_level_too() -> None:
    assert judge(_example(finds("A1", {"A1|A2": "warning"})), "postgresql", [DROPPED]).is_right


def test_what_is_neither_required_nor_tolerated_is_a_false_alarm() -> None:
    verdict = judge(_example(clean("nothing")), "postgresql", [DROPPED])
    assert verdict.extra == (DROPPED,)
    assert str(verdict) == (
        "example on postgresql (nothing)\n  extra error drop_column [A1]: drop_column was seen."
    )


def test_what_is_tolerated_or_a_note_is_no_false_alarm() -> None:
    note = _finding("rename_column", Severity.INFO)
    truth = clean("nothing", tolerates={"A1": "reviewers differ"})
    assert judge(_example(truth), "postgresql", [DROPPED, note]).is_right


def test_a_finding_of_an_unknown_rule_is_a_false_alarm() -> None:
    verdict = judge(
        _example(finds("A1", A1="error")),
        "postgresql",
        [DROPPED, _finding("brand_new", Severity.WARNING)],
    )
    assert [one.rule for one in verdict.extra] == ["brand_new"]
    assert "extra warning brand_new [no codes]: brand_new was seen." in str(verdict)


def test_what_was_applied_before_is_in_the_state() -> None:
    before = (AddField("Order", "big", models.BigIntegerField(null=True)),)
    example = dataclasses.replace(
        entry("example", "A column", RemoveField("Order", "big"), truth=on(every=clean("x"))),
        before=before,
    )
    assert [one.rule for one in found_on(example, "postgresql") if one.rule == "drop_column"]


def test_the_summary_counts_by_vendor() -> None:
    verdicts = [
        judge(_example(finds("A1", A1="error", C1="error")), "postgresql", [DROPPED]),
        judge(_example(clean("nothing")), "sqlite", [DROPPED]),
    ]
    rows = {line.split()[0]: line.split()[1:] for line in summary(verdicts).splitlines()[1:]}
    assert rows == {
        "postgresql": ["1", "0", "2", "1", "50.0%", "0", "0", "0"],
        "mariadb": ["0", "0", "0", "0", "-", "0", "0", "0"],
        "mysql": ["0", "0", "0", "0", "-", "0", "0", "0"],
        "sqlite": ["1", "1", "0", "0", "-", "0", "1", "0"],
        "all": ["2", "1", "2", "1", "50.0%", "0", "1", "0"],
    }


def test_an_unknown_vendor_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("No such vendor: ['oracle']")):
        on(oracle=clean("nowhere"))


def test_an_entry_has_operations_or_migrations() -> None:
    with pytest.raises(ValueError, match="example needs either operations or migrations"):
        entry("example", "Nothing", truth=on(every=clean("nothing")))
