"""A database backend that refuses every connection: what the other aliases have while a plan is rehearsed."""

from __future__ import annotations
