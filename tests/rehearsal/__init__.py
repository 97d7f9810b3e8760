"""Rehearsals: whole commands on real servers."""

from __future__ import annotations
