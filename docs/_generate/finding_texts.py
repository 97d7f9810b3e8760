"""What the findings that no rule makes mean, in one line each; which there are is read from the code."""

from __future__ import annotations

TEXTS: dict[str, str] = {}
