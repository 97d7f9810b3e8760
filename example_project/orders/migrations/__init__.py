"""The history of the tables of orders, oldest first."""

from __future__ import annotations
