"""The entries, by what they change; every module has ``ENTRIES``."""

from __future__ import annotations
