"""The history of the tables of customers, oldest first."""

from __future__ import annotations
