"""The facts of SQLite, against real files."""

from __future__ import annotations
