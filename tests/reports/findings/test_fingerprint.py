from __future__ import annotations

import dataclasses

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports.findings.fingerprint import fingerprints

FINDING = Finding(
    rule="drop_column",
    severity=Severity.ERROR,
    message="Lost.",
    migration="shop.0002_x",
    operation="Remove field",
    line=3,
    tables=("a", "b"),
)


def test_words_lines_and_order_of_tables_do_not_matter() -> None:
    other = dataclasses.replace(
        FINDING, message="Gone.", hint="?", line=9, tables=("b", "a"), severity=Severity.INFO
    )
    assert fingerprints([FINDING]) == fingerprints([other])


def test_what_it_is_about_matters() -> None:
    others = [
        dataclasses.replace(FINDING, rule="drop_table"),
        dataclasses.replace(FINDING, migration="shop.0003_x"),
        dataclasses.replace(FINDING, operation="Remove other field"),
        dataclasses.replace(FINDING, tables=("a",)),
    ]
    assert len({fingerprints([one])[0] for one in [FINDING, *others]}) == 5


def test_twins_differ_by_order() -> None:
    first, second = fingerprints([FINDING, FINDING])
    assert first != second
    assert [first] == fingerprints([FINDING])


def test_only_without_a_place_the_message_counts() -> None:
    bare = Finding(rule="ghost_migration", severity=Severity.WARNING, message="App a has.")
    assert fingerprints([bare]) != fingerprints([dataclasses.replace(bare, message="App b has.")])
