"""Hold what a deployment of the shop configures: settings, URLs and the WSGI entry point."""

from __future__ import annotations
