"""Carrying a plan out: the instrumented executor, timeouts and retries, the run lock, signals of the operating system."""

from __future__ import annotations
