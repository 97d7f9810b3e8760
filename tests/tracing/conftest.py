"""A tracer provider whose spans are kept in memory, for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from django_safe_migrate.record import RunRecord, apply
from django_safe_migrate.tracing.run import RunTracer
from tests.records import Story

Traced = Callable[[Story], dict[str, ReadableSpan]]


@pytest.fixture
def provider() -> Iterator[TracerProvider]:
    """A provider that nobody else sees."""
    made = TracerProvider()
    yield made
    made.shutdown()


@pytest.fixture
def traced(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> Traced:
    """Trace a story; returns its spans by name."""
    monkeypatch.delenv("TRACEPARENT", raising=False)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def trace(story: Story) -> dict[str, ReadableSpan]:
        tracer = RunTracer(provider.get_tracer("tests"))
        record = RunRecord(story.run_id)
        for event in story.events:
            apply(record, event)
            tracer(event, record)
        spans = {span.name: span for span in exporter.get_finished_spans()}
        exporter.clear()
        return spans

    return trace
