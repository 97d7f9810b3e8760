"""Whole runs, from the command line to the report, as a user sees them."""

from __future__ import annotations
