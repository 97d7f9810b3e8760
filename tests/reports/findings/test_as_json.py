from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from django_safe_migrate.analysis import Forecast
from django_safe_migrate.reports.findings import FindingsReport, as_json, render
from django_safe_migrate.reports.forecast import lines
from tests.reports.findings.reports import FORECAST, clean, report

DOCS = Path(__file__).parents[3] / "docs" / "check-json.md"


def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(as_json.schema())
    return jsonschema.Draft202012Validator(as_json.schema())


@pytest.mark.parametrize("made", [report(), clean()], ids=["findings", "clean"])
def test_every_document_fits_the_schema(made: FindingsReport) -> None:
    validator().validate(json.loads(render(made, "json")))


def test_the_schema_refuses_what_is_not_one() -> None:
    data = json.loads(render(report(), "json"))
    assert not validator().is_valid({**data, "schema_version": 2})
    assert not validator().is_valid({**data, "surprise": True})
    data["findings"][0]["severity"] = "fatal"
    assert not validator().is_valid(data)


def test_content() -> None:
    data = json.loads(render(report(), "json"))
    assert data["summary"] == {
        "infos": 0, "warnings": 1, "errors": 1, "allowed": 1, "baselined": 2, "blocking": 1,
        "longest_block": {
            "migration": "orders.0002_drop_note", "table": "orders_*50%", "blocks": "reads and writes", "seconds": 240.0,
        },
    }  # fmt: skip
    forecasts = [one["forecast"] for one in data["migrations"]]
    assert [one is None for one in forecasts] == [True, False, True]
    assert forecasts[1]["locks"][0]["works"] == [{"kind": "rewrite", "table": "orders_*50%"}]
    assert forecasts[1]["lines"] == list(lines(FORECAST))
    del forecasts[1]["lines"]
    assert Forecast.from_json(forecasts[1]) == FORECAST
    assert data["findings"][1]["file"] == "orders/migrations/0002_drop, note.py"
    assert [one["blocking"] for one in data["findings"]] == [False, True, False]


def test_every_key_is_documented() -> None:
    def keys(schema: object) -> set[str]:
        if isinstance(schema, list):
            return set().union(*map(keys, schema))
        if not isinstance(schema, dict):
            return set()
        named = schema.get("properties", {})
        return set(named).union(*map(keys, schema.values()))

    documented = DOCS.read_text()
    assert [key for key in sorted(keys(as_json.schema())) if f"`{key}`" not in documented] == []
