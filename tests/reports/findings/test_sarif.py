"""
SARIF as section 3 of the specification has it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html

The schema beside this file is the official one, as Microsoft's SARIF Multitool 5.7.0 (MIT) carries it; it is closed: a property that it
does not name is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from django_safe_migrate.reports.findings import FindingsReport, render
from tests.reports.findings.reports import clean, report

SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text(encoding="utf-8"))


def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


def log(made: FindingsReport) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(made, "sarif"))
    return loaded


@pytest.mark.parametrize("made", [report(), clean()], ids=["findings", "clean"])
def test_the_document_is_valid(made: FindingsReport) -> None:
    validator().validate(log(made))


def test_the_schema_refuses_what_is_not_one() -> None:
    made = log(report())
    made["runs"][0]["results"][1]["severity"] = "error"
    assert [error.message for error in validator().iter_errors(made)] == [
        "Additional properties are not allowed ('severity' was unexpected)"
    ]


def test_rules_are_described_and_referred_to() -> None:
    run = log(report())["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]
    assert rules[0] == {
        "id": "drop_column",
        "name": "DropColumn",
        "shortDescription": {"text": "Dropping a column loses its values."},
        "help": {
            "text": "## Why it matters\n\nBecause.",
            "markdown": "## Why it matters\n\nBecause.",
        },
        "helpUri": "https://example.com/rules/#drop_column",
        "defaultConfiguration": {"level": "error"},
    }


def test_places_are_relative_to_the_repository() -> None:
    run = log(report())["runs"][0]
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///srv/shop%20project/"}}
    assert "locations" not in run["results"][0]
    assert run["results"][1]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {
            "uri": "orders/migrations/0002_drop%2C%20note.py",
            "uriBaseId": "%SRCROOT%",
        },
        "region": {"startLine": 12},
    }


def test_what_is_allowed_is_suppressed() -> None:
    results = log(report())["runs"][0]["results"]
    assert [one.get("suppressions") for one in results] == [
        None,
        None,
        [{"kind": "inSource", "justification": "Unused since 4.2."}],
    ]
    assert [one["level"] for one in results] == ["warning", "error", "error"]
    assert all(one["partialFingerprints"]["djangoSafeMigrate/v1"] for one in results)
