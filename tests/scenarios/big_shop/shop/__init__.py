"""A shop with many rows, and three migrations to come: one changes data, one adds an index, one drops a column."""

from __future__ import annotations
