"""The report of a run: one document, built once, and one file for each output that renders it."""

from __future__ import annotations

from django_safe_migrate.reports.building import build
from django_safe_migrate.reports.document import Report

__all__ = ["Report", "build"]
