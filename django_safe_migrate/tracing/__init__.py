"""
A trace of each run for OpenTelemetry: a span for the run, and below it one for each stage, migration and operation.

It is made of the same events as everything else, with their moments. It costs nothing, not even an import, where the program has not
loaded OpenTelemetry: who configures a tracer provider has. Without a provider the API makes spans that go nowhere.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from django_safe_migrate import __version__

if TYPE_CHECKING:
    from django_safe_migrate.tracing.run import RunTracer

#: What the tracer calls itself.
NAME = "django_safe_migrate"
#: The environment variable by which the API loads a provider when it is first asked for one.
_PROVIDER = "OTEL_PYTHON_TRACER_PROVIDER"


def tracer() -> RunTracer | None:
    """Return who traces one run; None where nobody has loaded OpenTelemetry."""
    if "opentelemetry.trace" not in sys.modules and _PROVIDER not in os.environ:
        return None
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    from django_safe_migrate.tracing.run import RunTracer

    return RunTracer(trace.get_tracer(NAME, __version__))
