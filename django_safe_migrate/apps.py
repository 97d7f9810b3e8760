"""The entry of ``INSTALLED_APPS``: wiring, and nothing else."""

from __future__ import annotations

import importlib.util

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SafeMigrateConfig(AppConfig):
    """Safe migrate, with its history tables and its system checks."""

    name = "django_safe_migrate"
    verbose_name = _("Safe migrate")
    # Fixed here, so that a project's DEFAULT_AUTO_FIELD never changes our models behind its migrations.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        if importlib.util.find_spec(f"{self.name}.checks"):
            importlib.import_module(f"{self.name}.checks")
