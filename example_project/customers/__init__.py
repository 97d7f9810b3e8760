"""Know who buys: customers and their addresses."""

from __future__ import annotations
