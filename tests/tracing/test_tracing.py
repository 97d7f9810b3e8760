from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from django_safe_migrate import events, tracing
from django_safe_migrate.events import Event
from django_safe_migrate.record import RunRecord
from tests.management.commands.shop import ADD_COLOUR, installed
from tests.projects import Project
from tests.test_recorder import Recording

PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(
    SimpleSpanProcessor(ConsoleSpanExporter(out=open("spans.txt", "a"), formatter=lambda span: span.to_json(indent=None) + "\\n"))
)
"""


def test_a_program_that_has_not_loaded_it_does_not_pay_for_it() -> None:
    code = (
        "import sys; from django_safe_migrate import tracing; "
        "assert tracing.tracer() is None; assert not [n for n in sys.modules if n.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_program_without_the_package_is_not_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_PYTHON_TRACER_PROVIDER", "sdk_tracer_provider")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)
    assert tracing.tracer() is None


@pytest.mark.django_db
def test_tracing_that_fails_does_not_stop_the_run(caplog: pytest.LogCaptureFixture) -> None:
    recording = Recording()
    calls = []

    def fail(event: Event, record: RunRecord) -> None:
        calls.append(event.name)
        raise ValueError("a broken exporter")

    recording.recorder._tracer = fail
    with caplog.at_level(logging.ERROR, logger="django_safe_migrate"):
        recording.whole_run()
    assert calls == [events.RUN_STARTED]
    assert recording.record.status == "succeeded"
    assert "Tracing failed; the run goes on without it." in caplog.text


def test_a_real_run_is_traced_below_the_span_that_the_deployment_names(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.add_settings_code(PROVIDER)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    project.manage("safemigrate", "--noinput", env={"TRACEPARENT": parent})
    text = (project.folder / "spans.txt").read_text()
    spans: dict[str, dict[str, Any]] = {
        span["name"]: span for span in map(json.loads, text.splitlines())
    }
    run = spans["migrate default"]
    assert run["context"]["trace_id"] == "0x0af7651916cd43dd8448eb211c80319c"
    assert run["parent_id"] == "0xb7ad6b7169203331"
    assert run["attributes"]["safe_migrate.exit_code"] == 0
    operation = spans["Add field colour to order"]
    assert operation["parent_id"] == spans["shop.0002_colour"]["context"]["span_id"]
    assert operation["attributes"]["safe_migrate.statements"] >= 1
    assert {"preflight", "backup", "execute", "verify"} <= spans.keys()
