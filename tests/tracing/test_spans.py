from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from django_safe_migrate import events
from django_safe_migrate.tracing.spans import Spans
from tests.records import Story

EVENT = Story().start().events[0]


def test_what_is_made_meanwhile_belongs_to_the_innermost_span(provider: TracerProvider) -> None:
    """Such as the spans of an instrumented driver, or of a request that a migration sends."""
    spans = Spans(provider.get_tracer("tests"))
    outside = trace.get_current_span()
    spans.begin(0, "run", EVENT)
    spans.begin(1, "stage", EVENT)
    inner = trace.get_current_span()
    assert inner.name == "stage"  # type: ignore[attr-defined]
    spans.end(1, EVENT)
    assert trace.get_current_span().name == "run"  # type: ignore[attr-defined]
    spans.end(0, EVENT)
    assert trace.get_current_span() is outside


def test_what_is_not_known_is_left_out(provider: TracerProvider) -> None:
    spans = Spans(provider.get_tracer("tests"))
    spans.begin(0, "run", EVENT, release="", size=None, tables=[], count=0)
    span = trace.get_current_span()
    spans.end(0, EVENT)
    assert dict(span.attributes) == {"safe_migrate.count": 0}  # type: ignore[attr-defined]


def test_without_an_open_span_nothing_is_added() -> None:
    spans = Spans(trace.get_tracer("tests"))
    spans.add("notice", EVENT)
    spans.end(0, EVENT)
    assert not spans.is_open(0)
    assert EVENT.name == events.RUN_STARTED
