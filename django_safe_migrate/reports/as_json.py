"""The report as JSON, for programs; its form is documented and has a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django_safe_migrate.reports.document import Report

#: The JSON Schema of the document, shipped with the package.
SCHEMA_FILE = Path(__file__).parent / "report.schema.json"


def render(report: Report) -> str:
    """Return the report as JSON text, ending with a newline."""
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded
