"""Two apps whose migrations depend on one another, in turns."""

from __future__ import annotations
