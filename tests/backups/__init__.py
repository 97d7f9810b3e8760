"""Tests of making, verifying, storing and restoring backups."""

from __future__ import annotations
