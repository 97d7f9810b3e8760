"""The spans that are open: one in the other, with the moments of events, as the present context of the thread that migrates."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry import context, trace
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from django_safe_migrate.events import Event

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

#: Beginning of the name of each attribute of ours.
PREFIX = "safe_migrate."
#: How the environment names the span that started this process (https://www.w3.org/TR/trace-context/).
TRACEPARENT, TRACESTATE = "TRACEPARENT", "TRACESTATE"


class Spans:
    """A stack of spans, each with a level: ending one ends all that are deeper."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._open: list[_Open] = []

    def is_open(self, level: int) -> bool:
        """Whether a span of that level is open."""
        return any(one.level == level for one in self._open)

    def begin(self, level: int, title: str, event: Event, **attributes: Any) -> None:
        """Open a span below those that are open; it becomes the present context, for spans that others make meanwhile."""
        parent = self._open[-1].inner if self._open else _parent()
        span = self._tracer.start_span(
            title, context=parent, start_time=_nanoseconds(event), attributes=_named(attributes)
        )
        inner = trace.set_span_in_context(span, parent)
        self._open.append(_Open(level, span, inner, context.attach(inner)))

    def end(self, level: int, event: Event, *, error: str = "", **attributes: Any) -> None:
        """End the span of a level, and those below it, which were left without an end: what they did has failed with it."""
        while self._open and self._open[-1].level >= level:
            last = self._open.pop()
            own = attributes if last.level == level else {}
            last.span.set_attributes(_named({**last.seen, **own}))
            if error:
                last.span.set_status(Status(StatusCode.ERROR, error))
            last.span.end(end_time=_nanoseconds(event))
            context.detach(last.token)

    def add(self, title: str, event: Event, **attributes: Any) -> None:
        """Add something that happened to the innermost span."""
        if self._open:
            self._open[-1].span.add_event(title, _named(attributes), _nanoseconds(event))

    def keep(self, name: str, value: float) -> None:
        """Keep for the end of every open span the highest value while it was open."""
        for one in tuple(self._open):
            one.seen[name] = max(value, one.seen.get(name, 0))

    def count(self, name: str) -> None:
        """Count for the end of every open span how often something happened."""
        for one in tuple(self._open):
            one.seen[name] = one.seen.get(name, 0) + 1


class _Open:
    """A span that has begun, the context inside of it, and what is told of it at its end."""

    def __init__(self, level: int, span: Span, inner: Context, token: Token[Context]) -> None:
        self.level = level
        self.span = span
        self.inner = inner
        self.token = token
        self.seen: dict[str, Any] = {}


def _parent() -> Context:
    """The span that is open where the run begins, else the one that the environment names."""
    if trace.get_current_span().get_span_context().is_valid:
        return context.get_current()
    carrier = {
        name.lower(): os.environ[name] for name in (TRACEPARENT, TRACESTATE) if os.environ.get(name)
    }
    return TraceContextTextMapPropagator().extract(carrier, context.get_current())


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with our prefix, unless they have one; what is not known or does not apply is left out."""
    return {
        name if "." in name else PREFIX + name: value
        for name, value in attributes.items()
        if value is not None and value != "" and value != []
    }


def _nanoseconds(event: Event) -> int:
    moment = datetime.datetime.fromisoformat(event.at)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000_000 + moment.microsecond * 1000
