"""Safer variants of migrations that were just written: the same change of the schema, in steps that block nobody for long."""

from __future__ import annotations

from django_safe_migrate.safer.rewriting import Rewriting, rewritings_of
from django_safe_migrate.safer.written import JustWritten, just_written

__all__ = ["JustWritten", "Rewriting", "just_written", "rewritings_of"]
