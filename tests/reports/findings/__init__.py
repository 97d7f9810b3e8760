"""Tests of the formats of findings."""

from __future__ import annotations
