"""Telling migrations of installed packages, which the project cannot change, from its own."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_safe_migrate.plan import PlannedMigration

_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}


def is_third_party(planned: PlannedMigration) -> bool:
    """
    Return whether a migration comes from an installed package.

    A project can itself be installed as a package: what shares a top-level module with its settings is its own.
    """
    if not _PACKAGE_FOLDERS.intersection(PurePath(planned.file).parts):
        return False
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    return type(planned.migration).__module__.partition(".")[0] != settings_module.partition(".")[0]
