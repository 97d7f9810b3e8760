"""Choosing the backend: each wrong setting has its own text."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_safe_migrate.backups import get_backend
from django_safe_migrate.backups.dbbackup import DbBackupBackend


class NotABackend:
    """Has nothing to do with backups."""


@pytest.mark.parametrize(
    ("backup", "text"),
    [
        (
            {"BACKEND": "nowhere.at_all.Backend"},
            'SAFE_MIGRATE["BACKUP"]["BACKEND"] is \'nowhere.at_all.Backend\', and its module cannot be imported: '
            "No module named 'nowhere'",
        ),
        (
            {"BACKEND": "django_safe_migrate.backups.dbbackup.Missing"},
            "SAFE_MIGRATE[\"BACKUP\"][\"BACKEND\"] is 'django_safe_migrate.backups.dbbackup.Missing', and there is no 'Missing' "
            "in the module 'django_safe_migrate.backups.dbbackup'.",
        ),
        (
            {"BACKEND": "tests.backups.test_backups.NotABackend"},
            'SAFE_MIGRATE["BACKUP"]["BACKEND"] is \'tests.backups.test_backups.NotABackend\', which is not a subclass of '
            "django_safe_migrate.backups.BackupBackend.",
        ),
        (
            {"OPTIONS": {"colour": "red"}},
            'SAFE_MIGRATE["BACKUP"]["OPTIONS"] has the keys [\'colour\'], which '
            "django_safe_migrate.backups.dbbackup.DbBackupBackend does not accept: "
            "DbBackupBackend.__init__() got an unexpected keyword argument 'colour'.",
        ),
    ],
)
def test_wrong_settings(backup: dict[str, object], text: str) -> None:
    with (
        override_settings(SAFE_MIGRATE={"BACKUP": backup}),
        pytest.raises(ImproperlyConfigured) as caught,
    ):
        get_backend()
    assert str(caught.value) == text


def test_a_wrong_duration_in_the_options() -> None:
    settings = {"BACKUP": {"OPTIONS": {"lock_wait": "soon"}}}
    with (
        override_settings(SAFE_MIGRATE=settings),
        pytest.raises(ImproperlyConfigured, match="has the keys \\['lock_wait'\\]"),
    ):
        get_backend()


def test_the_default() -> None:
    with override_settings(SAFE_MIGRATE={"BACKUP": {"OPTIONS": {"stall": "1min"}}}):
        backend = get_backend()
    assert isinstance(backend, DbBackupBackend)
    assert backend.stall == 60.0
