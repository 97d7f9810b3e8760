"""Tests of checking migrations without a run."""

from __future__ import annotations
