"""The carrier of the executor's tests, watched."""

from __future__ import annotations

from tests.execution.conftest import _scenarios, carrier, release

__all__ = ["_scenarios", "carrier", "release"]
