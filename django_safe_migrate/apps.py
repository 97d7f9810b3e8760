"""The entry of ``INSTALLED_APPS``: wiring, and nothing else."""

from __future__ import annotations

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
        from django_safe_migrate import checks  # noqa: F401 - importing it registers them
