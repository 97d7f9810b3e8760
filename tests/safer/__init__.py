"""Tests of rewriting what makemigrations wrote."""

from __future__ import annotations
