"""The stages of a run: each a thin function that takes the run and returns a result; none imports another."""

from __future__ import annotations
