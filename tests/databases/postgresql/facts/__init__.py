"""The fact book of PostgreSQL, against real servers."""

from __future__ import annotations
