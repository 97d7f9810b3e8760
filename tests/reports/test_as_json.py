from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import as_json, build
from tests.records import Story, failed, succeeded, under_way

DOCS = Path(__file__).parents[2] / "docs" / "report-json.md"
RESTORED = Story().start(kind="restore", plan=[]).end()


def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(as_json.schema())
    return jsonschema.Draft202012Validator(as_json.schema())


@pytest.mark.parametrize("story", [succeeded(), failed(), under_way(), RESTORED])
def test_every_report_fits_the_schema(story: Story) -> None:
    validator().validate(json.loads(as_json.render(build(story.record()))))


def test_the_schema_refuses_what_is_not_a_report() -> None:
    data = json.loads(as_json.render(build(succeeded().record())))
    assert not validator().is_valid({**data, "schema_version": 2})
    assert not validator().is_valid({**data, "surprise": True})
    assert not validator().is_valid(
        {name: value for name, value in data.items() if name != "rollback"}
    )
    data["migrations"][0]["status"] = "perhaps"
    assert not validator().is_valid(data)


def test_the_text_is_indented_and_keeps_letters() -> None:
    text = as_json.render(build(RunRecord("r", who="Zoë")))
    assert text.startswith('{\n  "schema_version": 1,\n')
    assert text.endswith("}\n")
    assert '"who": "Zoë"' in text


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
