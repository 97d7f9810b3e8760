"""Manifests: everything that can be wrong with a stored backup has its own sentence."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate.backups import catalogue
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.storage import open_storage
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import Shop

pytestmark = pytest.mark.vendors("sqlite")


def metadata(shop: Shop, receipt: Receipt) -> Path:
    return shop.folder / f"{receipt.name}.metadata"


def change(shop: Shop, receipt: Receipt, **values: Any) -> None:
    data = json.loads(metadata(shop, receipt).read_text())
    data["safe_migrate"].update(values)
    metadata(shop, receipt).write_text(json.dumps(data))


def refused(shop: Shop, name: str) -> str:
    with pytest.raises(BackupFailed) as verified:
        shop.backend.verify(name, "default")
    with pytest.raises(BackupFailed) as restored:
        shop.restore(name)
    # A restore fails for the same reason, before anything is touched.
    assert verified.value.message in restored.value.message
    assert restored.value.changed == "The database was not changed."
    return verified.value.message


def test_a_backup_that_does_not_exist(shop: Shop) -> None:
    shop.create()
    assert refused(shop, "nothing.sqlite3") == (
        f"There is no backup nothing.sqlite3 in the storage (FileSystemStorage {shop.folder})."
    )


def test_a_backup_whose_file_is_gone(shop: Shop) -> None:
    receipt = shop.create()
    (shop.folder / receipt.name).unlink()
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} is gone from the storage (FileSystemStorage {shop.folder}); only its manifest is there."
    )
    (listed,) = shop.backend.list("default")
    assert listed.broken == "The backup is gone from the storage; only its manifest is there."
    assert not listed.is_verified


def test_a_backup_without_a_manifest(shop: Shop) -> None:
    receipt = shop.create()
    metadata(shop, receipt).unlink()
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} has no manifest beside it: it was interrupted, or another program made it, "
        "and what it should hold is not known."
    )
    (listed,) = shop.backend.list("default")
    assert listed.broken == "It has no manifest: it was interrupted, or another program made it."


def test_a_truncated_backup(shop: Shop) -> None:
    receipt = shop.create()
    path = shop.folder / receipt.name
    path.write_bytes(path.read_bytes()[:-200])
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} is cut short: {receipt.size - 200} bytes of {receipt.size} are in the storage."
    )


def test_a_backup_that_grew(shop: Shop) -> None:
    receipt = shop.create()
    path = shop.folder / receipt.name
    path.write_bytes(path.read_bytes() + b"x")
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} is longer than what was written: {receipt.size + 1} bytes instead of {receipt.size}."
    )


@pytest.mark.parametrize(
    "values",
    [
        {"sha256": "0" * 64},
        {"size": 1},
        {"applied_migrations": []},
        {"extra": 1},
        {"row_counts": {}},
    ],
)
def test_a_changed_manifest(shop: Shop, values: dict[str, Any]) -> None:
    receipt = shop.create()
    change(shop, receipt, **values)
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} cannot be relied on. The manifest was changed after it was written: "
        "its seal does not fit its content."
    )
    (listed,) = shop.backend.list("default")
    assert (
        listed.broken
        == "The manifest was changed after it was written: its seal does not fit its content."
    )


def described(receipt: dict[str, Any]) -> dict[str, Any]:
    """A manifest as django-dbbackup and this package read it."""
    return {key: receipt[key] for key in ("engine", "connector")} | {"safe_migrate": receipt}


def test_a_manifest_that_is_no_json(shop: Shop) -> None:
    receipt = shop.create()
    metadata(shop, receipt).write_bytes(metadata(shop, receipt).read_bytes()[:100])
    assert refused(shop, receipt.name).startswith(
        f"The backup {receipt.name} cannot be relied on. The manifest {receipt.name}.metadata is not JSON ("
    )
    (listed,) = shop.backend.list("default")
    assert listed.broken.startswith(f"The manifest {receipt.name}.metadata is not JSON (")


def test_a_manifest_of_another_backup(shop: Shop) -> None:
    first, second = shop.create(), shop.create()
    metadata(shop, first).write_bytes(metadata(shop, second).read_bytes())
    assert refused(shop, first.name) == (
        f"The manifest of the backup {first.name} belongs to another one, {second.name}."
    )


def test_a_manifest_of_a_newer_version(shop: Shop) -> None:
    receipt = shop.create()
    newer = dataclasses.replace(receipt, format_version=2).to_json()
    metadata(shop, receipt).write_text(json.dumps(described(newer)))
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} cannot be relied on. The manifest has format version 2, "
        "which a newer version of this package wrote."
    )


def test_a_backup_of_another_database_or_vendor(shop: Shop) -> None:
    receipt = shop.create()
    with pytest.raises(BackupFailed) as caught:
        shop.backend.verify(receipt.name, "replica")
    assert (
        caught.value.message
        == f"The backup {receipt.name} is one of database 'default', not of 'replica'."
    )
    other = dataclasses.replace(receipt, vendor="postgresql").to_json()
    metadata(shop, receipt).write_text(json.dumps(described(other)))
    assert refused(shop, receipt.name) == (
        f"The backup {receipt.name} was made of a postgresql database, and database 'default' is on sqlite."
    )


def test_newest_first_and_names_never_collide(shop: Shop) -> None:
    made = [shop.create() for _ in range(3)]
    assert len({receipt.name for receipt in made}) == 3
    assert shop.backend.list("default") == tuple(reversed(made))
    assert shop.backend.latest(shop.database) == made[-1]


def test_a_name_of_the_same_moment_gets_a_number(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the project's DBBACKUP_DATE_FORMAT has no seconds, waiting would not help."""
    monkeypatch.setattr(
        catalogue, "_generated", lambda connector: "default-host-2026-01-01-000000.sqlite3"
    )
    names = [shop.create().name for _ in range(3)]
    assert names == [
        "default-host-2026-01-01-000000.sqlite3",
        "default-host-2026-01-01-000000-2.sqlite3",
        "default-host-2026-01-01-000000-3.sqlite3",
    ]


def test_pruning_keeps_the_newest_verified_ones(shop: Shop) -> None:
    made = [shop.create() for _ in range(4)]
    change(shop, made[3], sha256="0" * 64)
    assert shop.backend.prune("default", 2) == (made[0].name,)
    # The broken one does not count, and is left for somebody to look at.
    assert {receipt.name for receipt in shop.backend.list("default")} == {
        receipt.name for receipt in made[1:]
    }
    assert shop.backend.prune("default", 1) == (made[1].name,)
    assert shop.backend.prune("default", 1) == ()
    with pytest.raises(ValueError, match="At least one backup has to be kept"):
        shop.backend.prune("default", 0)


def test_backups_of_another_project_in_the_same_storage_are_left_alone(shop: Shop) -> None:
    mine, theirs = shop.create(), shop.create()
    foreign = dataclasses.replace(theirs, source="sqlite:///somewhere/else").to_json()
    metadata(shop, theirs).write_text(json.dumps(described(foreign)))
    newest = shop.create()
    assert shop.backend.prune("default", 1) == (mine.name,)
    assert [receipt.name for receipt in shop.backend.list("default")] == [newest.name, theirs.name]
    assert shop.backend.latest(shop.database) == newest


def test_an_alias_that_begins_like_another(shop: Shop) -> None:
    receipt = shop.create()
    other = dataclasses.replace(receipt, database="def").to_json()
    metadata(shop, receipt).write_text(json.dumps(described(other)))
    assert shop.backend.list("default") == ()
    assert [one.name for one in shop.backend.list("def")] == [receipt.name]


def test_a_failed_backup_that_cannot_be_removed_says_why_it_failed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise BackupFailed("It cannot be deleted.")

    def fail(*args: Any, **options: Any) -> str:
        raise BackupFailed("It was not read back.")

    monkeypatch.setattr(catalogue, "delete", refuse)
    monkeypatch.setattr(type(shop.backend), "_read_back", fail)
    with pytest.raises(BackupFailed, match="It was not read back"):
        shop.create()


def test_deleting_what_is_not_there(shop: Shop) -> None:
    with pytest.raises(BackupFailed, match="There is no backup nothing in the storage"):
        catalogue.delete(open_storage(), "nothing")
