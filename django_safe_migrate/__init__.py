"""Run Django migrations with assessment, verified backups, verification, reports and honest rollback."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
