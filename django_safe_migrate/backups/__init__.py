"""Making, verifying, storing and restoring backups; the backend is chosen by ``SAFE_MIGRATE["BACKUP"]``."""

from __future__ import annotations

import importlib
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate import conf
from django_safe_migrate.backups.base import BackupBackend, BeforeSwap, Progress, RestoreResult
from django_safe_migrate.backups.receipt import Copy, ManifestDamaged, Receipt

__all__ = [
    "BackupBackend",
    "BeforeSwap",
    "Copy",
    "ManifestDamaged",
    "Progress",
    "Receipt",
    "RestoreResult",
    "get_backend",
]

_WHERE = f'{conf.SETTING}["BACKUP"]'


def get_backend(settings: conf.Settings | None = None) -> BackupBackend:
    """
    Return the configured backup backend.

    Raises:
        ImproperlyConfigured: it cannot be imported, is not in its module, is not a backend, does not take its options, or cannot have the
            copies that are configured.
    """
    backup = (settings or conf.load()).backup
    backend = _class(backup.backend)
    try:
        made = backend(**backup.options)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(
            f'{_WHERE}["OPTIONS"] has the keys {sorted(backup.options)!r}, which {backup.backend} does not accept: {error}.'
        ) from error
    return _copying(made, backup) if backup.copies else made


def _copying(backend: BackupBackend, backup: conf.BackupSettings) -> BackupBackend:
    from django_safe_migrate.backups.copying import CopyingBackend
    from django_safe_migrate.backups.dbbackup import DbBackupBackend

    if not isinstance(backend, DbBackupBackend):
        raise ImproperlyConfigured(
            f'{_WHERE}["COPIES"] is {list(backup.copies)!r}, and {backup.backend} does not keep its backups where they can be copied from; '
            f"that needs {conf.DEFAULT_BACKEND} or a subclass of it."
        )
    return CopyingBackend(backend, backup.copies, required=backup.copies_required)


def _class(path: str) -> type[BackupBackend]:
    backend = _attribute(path)
    if not isinstance(backend, type) or not issubclass(backend, BackupBackend):
        raise ImproperlyConfigured(
            f'{_WHERE}["BACKEND"] is {path!r}, which is not a subclass of django_safe_migrate.backups.BackupBackend.'
        )
    return backend


def _attribute(path: str) -> Any:
    module_path, _, name = path.rpartition(".")
    try:
        # dbbackup raises RuntimeError at import for settings that it no longer takes.
        module = importlib.import_module(module_path) if module_path else None
    except (ImportError, RuntimeError, ValueError) as error:
        raise ImproperlyConfigured(
            f'{_WHERE}["BACKEND"] is {path!r}, and its module cannot be imported: {error}'
        ) from error
    if module is None or not hasattr(module, name):
        raise ImproperlyConfigured(
            f'{_WHERE}["BACKEND"] is {path!r}, and there is no {name!r} in the module {module_path!r}.'
        )
    return getattr(module, name)
