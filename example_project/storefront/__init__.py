"""Show the shop to visitors, and fill it with made-up data."""

from __future__ import annotations
