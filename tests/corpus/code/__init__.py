"""Functions that data migrations of the corpus run; they are real, so that their source can be read."""

from __future__ import annotations
