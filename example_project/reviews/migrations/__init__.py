"""The history of the tables of reviews, oldest first."""

from __future__ import annotations
