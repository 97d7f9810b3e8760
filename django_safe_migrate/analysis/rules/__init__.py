"""The rules, one per file; the file's name is the rule's name. A new file is found by itself."""

from __future__ import annotations
