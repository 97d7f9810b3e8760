from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from django_safe_migrate.findings import Estimate, Finding, Severity
from django_safe_migrate.reports.estimates import duration, message, sentence
from django_safe_migrate.reports.findings import FORMATS, CheckedMigration, FindingsReport, render

ESTIMATE = Estimate(
    seconds=241, rows=79_986_411, bytes=12_040_000_000, written_bytes=15_000_000_000, measured=True
)
FINDING = Finding(
    rule="set_not_null",
    severity=Severity.ERROR,
    message="It reads the whole table.",
    migration="shop.0002_change",
    tables=("shop_order",),
    estimate=ESTIMATE,
)
WORDS = "It reads the whole table. Takes about 4 min for 80,000,000 rows (12 GB)."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under a second"),
        (0.99, "under a second"),
        (1.2, "about 1 s"),
        (7, "about 7 s"),
        (33, "about 35 s"),
        (56, "about 1 min"),
        (240, "about 4 min"),
        (1300, "about 20 min"),
        (3599, "about 1 h"),
        (5300, "about 1.5 h"),
        (40_000, "about 11 h"),
        (900_000, "about 10 days"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_sentence() -> None:
    assert sentence(ESTIMATE) == "about 4 min for 80,000,000 rows (12 GB)"
    assumed = dataclasses.replace(ESTIMATE, measured=False)
    assert sentence(assumed) == "about 4 min for 80,000,000 rows (12 GB), at assumed rates"


def test_what_takes_no_time_needs_no_excuse() -> None:
    one = Estimate(seconds=0.0001, rows=1, bytes=8192)
    assert sentence(one) == "under a second for 1 row (8.2 kB)"


def test_message() -> None:
    assert message(FINDING) == WORDS
    assert message(dataclasses.replace(FINDING, estimate=None)) == "It reads the whole table."


@pytest.mark.parametrize("output", FORMATS)
def test_every_format_says_it(output: str) -> None:
    report = FindingsReport(
        database="default",
        vendor="postgresql",
        target="PostgreSQL 16.2",
        scope="1 migration",
        offline=False,
        migrations=(CheckedMigration("shop.0002_change"),),
        findings=(FINDING,),
        root=Path("/srv/shop"),
    )
    text = render(report, output)
    if output == "json":
        assert json.loads(text)["findings"][0]["estimate"] == dataclasses.asdict(ESTIMATE)
    else:
        assert WORDS.removeprefix("It reads the whole table. ") in text
    if output == "sarif":
        [result] = json.loads(text)["runs"][0]["results"]
        assert result["properties"] == {"estimate": dataclasses.asdict(ESTIMATE)}
