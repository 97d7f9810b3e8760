"""Describe what the shop sells: products, their categories, brands and tags."""

from __future__ import annotations
