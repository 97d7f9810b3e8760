"""Keep what was bought and paid: orders, their lines and payments."""

from __future__ import annotations
