"""Telling migrations of installed packages, which the project cannot change, from its own."""

from __future__ import annotations

import functools
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
    return is_installed_package(planned.file, type(planned.migration).__module__)


def is_installed_package(path: str, module: str) -> bool:
    """Return whether a module at a path belongs to an installed package and not to the project, as above."""
    if not _is_in_packages(path):
        return False
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    return module.partition(".")[0] != settings_module.partition(".")[0]


@functools.lru_cache(maxsize=1024)
def _is_in_packages(path: str) -> bool:
    return bool(_PACKAGE_FOLDERS.intersection(PurePath(path).parts))
