"""Commands of the shop itself."""

from __future__ import annotations
