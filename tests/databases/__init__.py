"""Tests of the vendor adapters, each on its real server."""

from __future__ import annotations
