"""Accounts and entries: a migration with deferred SQL, some with operations that can be made to fail, two that are not atomic."""

from __future__ import annotations
