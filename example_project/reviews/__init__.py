"""Collect what customers say about products."""

from __future__ import annotations
