"""The test suite of django-safe-migrate, laid out like the package that it tests."""

from __future__ import annotations
