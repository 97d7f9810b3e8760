"""Tests of the repairs."""

from __future__ import annotations
