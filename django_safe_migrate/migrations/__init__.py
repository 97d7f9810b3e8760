"""Migrations of the history tables."""

from __future__ import annotations
