"""Accounts and entries: a migration with deferred SQL, one of two operations that can be made to fail, one that is not atomic."""

from __future__ import annotations
