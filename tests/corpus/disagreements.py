"""
Cases on which the analysis and the corpus are known to disagree: (entry, vendor) with the reason.

Each is a strict expected failure, so that a line that is no longer true is noticed. The truth of the entry is not changed for it.
"""

from __future__ import annotations

DISAGREEMENTS: dict[tuple[str, str], str] = {}
