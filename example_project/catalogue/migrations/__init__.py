"""The history of the tables of catalogue, oldest first."""

from __future__ import annotations
