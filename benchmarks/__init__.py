"""Measurements of what our commands cost, as ratios to what they are compared with; one runnable file per question."""

from __future__ import annotations
