"""Disks that are full or read-only, and memory that is refused, in the middle of whole runs: nothing is lost, and all of it can go on."""

from __future__ import annotations
