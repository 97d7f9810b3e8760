"""Findings about where backups are kept."""

from __future__ import annotations

import pytest
from django.test import override_settings

from django_safe_migrate.backups import disks, readiness
from tests.backups.conftest import Shop


def test_nothing_to_find_and_no_trace(shop: Shop) -> None:
    assert [one for one in shop.backend.check(shop.database) if one.is_blocking] == []
    assert shop.files() == []


@pytest.mark.vendors("sqlite")
def test_a_disk_that_vanishes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNO", "release.1")
    (finding,) = [
        one for one in shop.backend.check(shop.database) if one.rule == "ephemeral_backup_storage"
    ]
    assert finding.message == (
        f"Backups in {shop.folder} will vanish: on Heroku every local disk is emptied when the process ends."
    )
    assert finding.severity.label == "warning"
    assert finding.hint == (
        'Configure STORAGES["dbbackup"] with a storage that outlives this machine, such as an object store.'
    )


@pytest.mark.parametrize("free", [10])
def test_a_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(disks, "free_bytes", lambda folder: free)
    (finding,) = [
        one for one in shop.backend.check(shop.database) if one.rule == "backup_storage_space"
    ]
    assert finding.message.startswith(
        f"The disk of {shop.folder} has 10 bytes free, and the database takes "
    )
    # A dump may compress well; a copy of SQLite's file is as large as the file.
    assert finding.is_blocking == (shop.connection.vendor == "sqlite")


@pytest.mark.vendors("sqlite")
def test_backups_that_every_account_can_read(shop: Shop) -> None:
    shop.create()
    shop.folder.chmod(0o755)
    entry = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(shop.folder), "file_permissions_mode": 0o644},
    }
    with override_settings(STORAGES={"dbbackup": entry}):
        (finding,) = [
            one
            for one in shop.backend.check(shop.database)
            if one.rule == "readable_backup_storage"
        ]
    assert (
        finding.message
        == f"Every account on this machine can read the backups in {shop.folder} (mode 644)."
    )
    entry["OPTIONS"]["file_permissions_mode"] = 0o600  # type: ignore[index]
    with override_settings(STORAGES={"dbbackup": entry}):
        assert [
            one
            for one in shop.backend.check(shop.database)
            if one.rule == "readable_backup_storage"
        ] == []


def test_the_hint_names_a_real_setting() -> None:
    assert "STORAGES" in readiness.CONFIGURE
