"""Storages of every kind: local, remote, renaming, corrupting, refusing, not configured."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_safe_migrate.backups import storage as storage_module
from django_safe_migrate.backups.storage import SPOOL_PREFIX, open_storage
from django_safe_migrate.exceptions import BackupFailed
from tests.backups import storages
from tests.backups.conftest import BOOKS, Shop


@pytest.fixture
def use_storage() -> Iterator[Callable[..., None]]:
    """Configure one of the storages of `tests.backups.storages`."""
    applied: list[Any] = []

    def use(name: str, **options: Any) -> None:
        getattr(storages, name).objects.clear()
        override = override_settings(
            STORAGES={"dbbackup": {"BACKEND": f"tests.backups.storages.{name}", "OPTIONS": options}}
        )
        override.enable()
        applied.append(override)

    yield use
    for override in applied:
        override.disable()


@pytest.mark.parametrize("name", ["RemoteStorage", "RenamingStorage"])
def test_a_remote_storage_keeps_what_was_stored(
    shop: Shop, use_storage: Callable[..., None], name: str
) -> None:
    use_storage(name, secret_key="do-not-show")  # noqa: S106
    receipt = shop.create()
    objects = getattr(storages, name).objects
    assert sorted(objects)[0] == receipt.name
    assert len(objects) == 2
    assert receipt.storage == f"{name} shop-backups"
    assert shop.backend.list("default") == (receipt,)
    shop.sql("DELETE FROM shop_book")
    shop.restore(receipt.name)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    shop.backend.delete(receipt.name)
    assert objects == {}


def test_what_the_storage_loses_is_noticed_at_once(
    shop: Shop, use_storage: Callable[..., None]
) -> None:
    use_storage("CorruptingStorage")
    with pytest.raises(
        BackupFailed,
        match=r"There is no verified backup of database 'default'. The backup .* is cut short",
    ):
        shop.create()
    assert storages.CorruptingStorage.objects == {}


@pytest.mark.vendors("sqlite")
def test_a_storage_that_refuses_is_a_finding_and_an_error(
    shop: Shop, use_storage: Callable[..., None]
) -> None:
    use_storage("RefusingStorage")
    (finding,) = [one for one in shop.backend.check(shop.database) if one.is_blocking]
    assert finding.rule == "backup_storage_unusable"
    assert finding.message == (
        "The storage for backups (RefusingStorage shop-backups) could not store a small file: "
        "PermissionError: [Errno 13] Access Denied"
    )
    with pytest.raises(BackupFailed, match="Access Denied"):
        shop.create()


@pytest.mark.vendors("sqlite")
def test_a_folder_that_is_a_file_is_a_finding_and_an_error(shop: Shop) -> None:
    shop.folder.write_text("not a folder")
    (finding,) = [one for one in shop.backend.check(shop.database) if one.is_blocking]
    assert (
        finding.message == f"The folder {shop.folder} for backups cannot be written: File exists."
    )
    with pytest.raises(BackupFailed, match="cannot be written: File exists"):
        shop.create()


@pytest.mark.vendors("sqlite")
def test_without_a_configured_storage_a_private_folder_is_used(shop: Shop, tmp_path: Path) -> None:
    with override_settings(STORAGES={}, BASE_DIR=tmp_path):
        receipt = shop.create()
        findings = {one.rule: one for one in shop.backend.check(shop.database)}
    folder = tmp_path / ".safe_migrate" / "backups"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [
        stat.S_IMODE((folder / name).stat().st_mode)
        for name in (receipt.name, f"{receipt.name}.metadata")
    ] == [0o600] * 2
    assert (tmp_path / ".safe_migrate" / ".gitignore").read_text() == "*\n"
    assert findings["default_backup_storage"].message == (
        f'STORAGES["dbbackup"] is not configured, so backups are kept in {folder}.'
    )
    assert findings["default_backup_storage"].severity.label == "info"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"BACKEND": "nowhere.Storage"}, "Could not find backend 'nowhere.Storage'"),
        (
            {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"colour": 1}},
            "unexpected keyword argument 'colour'",
        ),
    ],
)
def test_a_storage_that_cannot_be_used_is_a_wrong_setting(
    entry: dict[str, Any], reason: str
) -> None:
    with (
        override_settings(STORAGES={"dbbackup": entry}),
        pytest.raises(ImproperlyConfigured, match=reason) as caught,
    ):
        open_storage()
    assert str(caught.value).startswith('STORAGES["dbbackup"] cannot be used: ')


def test_names_of_options_in_capitals_are_taken_as_dbbackup_takes_them(tmp_path: Path) -> None:
    entry = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"LOCATION": str(tmp_path)},
    }
    with override_settings(STORAGES={"dbbackup": entry}):
        assert open_storage().folder == tmp_path


@pytest.mark.vendors("sqlite")
def test_what_a_killed_process_left_is_cleared_away_after_a_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.folder.mkdir()
    left = shop.folder / f"{SPOOL_PREFIX}0123.partial"
    left.write_bytes(b"half a dump")
    receipt = shop.create()
    assert left.exists()
    assert shop.backend.list("default") == (receipt,)
    monkeypatch.setattr(storage_module, "STALE", -1.0)
    shop.create()
    assert not left.exists()


@pytest.mark.vendors("sqlite")
def test_the_manifest_is_plain_data_with_what_dbbackup_expects(shop: Shop) -> None:
    receipt = shop.create(run_id="r")
    data = json.loads((shop.folder / f"{receipt.name}.metadata").read_text())
    assert data["engine"] == "django.db.backends.sqlite3"
    assert data["connector"] == "django_safe_migrate.backups.sqlite.SQLiteConnector"
    assert data["safe_migrate"]["row_counts"]["shop_book"] == {"rows": BOOKS, "exact": True}
    assert data["safe_migrate"]["run_id"] == "r"


@pytest.mark.vendors("sqlite")
def test_files_on_this_machine_are_private_from_their_first_byte(
    copied_to: Callable[..., Any], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = copied_to("offsite")
    opened = []
    real = os.open

    def watched(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        if flags & os.O_CREAT and "backups" in str(path):
            opened.append(mode)
        return real(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", watched)
    name = there.create().name
    there.backend.prove(name, shop.database)
    monkeypatch.undo()
    kept = [*shop.folder.iterdir(), *there.folder.iterdir()]
    assert len(kept) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert set(opened) == {0o600}


@pytest.mark.vendors("sqlite")
def test_a_mode_that_the_project_chose_stays(shop: Shop) -> None:
    entry = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(shop.folder), "file_permissions_mode": 0o640},
    }
    with override_settings(STORAGES={"dbbackup": entry}):
        shop.create()
    assert {stat.S_IMODE(path.stat().st_mode) for path in shop.folder.iterdir()} == {0o640}
