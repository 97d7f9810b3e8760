"""Tests of the checks after a run: each defect is made by hand on the real vendors."""

from __future__ import annotations
