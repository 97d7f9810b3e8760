"""Copies of backups in further storages: made, verified, told, restored from and pruned."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable

import pytest
from django.db import transaction

from django_safe_migrate.backups import Receipt
from django_safe_migrate.exceptions import BackupFailed
from tests.backups import storages
from tests.backups.conftest import BOOKS, Elsewhere

LOSING = ("CorruptingStorage", "BreakingStorage")


@pytest.mark.vendors("sqlite")
def test_copies_are_made_verified_recorded_listed_and_deleted(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite", "RenamingStorage")
    receipt = there.create()
    name = receipt.name
    folder, renamed = receipt.copies
    assert (folder.storage, folder.name, folder.where) == (
        "offsite",
        name,
        f"FileSystemStorage {there.folder}",
    )
    # The name that the storage gave is the one that counts.
    assert renamed.name != name
    assert renamed.name in storages.RenamingStorage.objects
    assert all(copy.verified_at > receipt.verified_at and not copy.error for copy in receipt.copies)
    content = (there.shop.folder / name).read_bytes()
    assert (there.folder / name).read_bytes() == content
    assert storages.RenamingStorage.objects[renamed.name] == content

    assert there.listed() == (receipt,)
    assert [copy.name for copy in there.verify(name).copies] == [name, renamed.name]
    assert Receipt.from_json(receipt.to_json()) == receipt

    there.backend.delete(name)
    assert there.shop.files() == there.files() == []
    assert storages.RenamingStorage.objects == {}
    assert f"There is no backup {name}" in there.why_not(lambda: there.backend.delete(name))


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("broken", LOSING)
def test_without_a_copy_the_backup_stands_and_the_run_may_not_go_on(
    copied_to: Callable[..., Elsewhere], broken: str
) -> None:
    there = copied_to(broken, "offsite")
    message = there.why_not(there.create)
    (backup,) = there.listed()
    assert message.startswith(
        f"The backup {backup.name} was made and verified, and is kept, but not every copy of it could be made. "
        f'STORAGES["{broken}"]: '
    )
    assert ("cut short" if broken == "CorruptingStorage" else "ConnectionResetError") in message
    # The others were tried all the same, and of the one that failed nothing is left.
    assert [(copy.storage, bool(copy.error)) for copy in backup.copies] == [
        (broken, True),
        ("offsite", False),
    ]
    assert getattr(storages, broken).objects == {}
    assert backup.is_verified

    there = copied_to(broken, "offsite", COPIES_REQUIRED=False)
    receipt = there.create()
    assert [bool(copy.error) for copy in receipt.copies] == [True, False]
    assert [bool(copy.error) for copy in there.verify(receipt.name).copies] == [True, False]


@pytest.mark.vendors("sqlite")
def test_an_interrupted_copy_leaves_the_backup_and_the_copies_that_are_whole(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite", "InterruptedStorage")
    with pytest.raises(KeyboardInterrupt):
        there.create()
    (backup,) = there.listed()
    assert backup.is_verified
    assert backup.lost == ""
    assert [copy.storage for copy in backup.copies if not copy.error] == ["offsite"]
    assert storages.InterruptedStorage.objects == {}
    assert there.verify(backup.name).sha256 == backup.sha256


@pytest.mark.vendors("sqlite")
def test_verify_reads_the_copies_too(copied_to: Callable[..., Elsewhere]) -> None:
    there = copied_to("offsite", "RemoteStorage")
    name = there.create().name
    copy, original = there.folder / name, there.shop.folder / name
    content = original.read_bytes()

    copy.write_bytes(content[:-1] + b"x")
    message = there.why_not(lambda: there.verify(name))
    assert f"The backup {name} itself is whole" in message
    assert 'STORAGES["offsite"]: ' in message
    assert "RemoteStorage" not in message

    copy.unlink()
    (there.folder / f"{name}.metadata").unlink()
    message = there.why_not(lambda: there.verify(name))
    assert 'STORAGES["offsite"]: The copy is gone from this storage.' in message
    assert there.listed()[0].copies[0].error == "The copy is gone from this storage."

    original.write_bytes(content[:-1])
    with pytest.raises(BackupFailed) as caught:
        there.verify(name)
    assert "cut short" in caught.value.message
    assert 'Its copy in STORAGES["RemoteStorage"] is whole' in caught.value.message
    assert caught.value.next_command == f"migrate_backup restore {name} --database default"

    storages.RemoteStorage.objects[name] = content[1:]
    message = there.why_not(lambda: there.backend.restorable(name, "default"))
    assert message.count("cut short") == 2


def test_a_restore_from_a_copy_alone(copied_to: Callable[..., Elsewhere]) -> None:
    there = copied_to("offsite", "RenamingStorage")
    shop = there.shop
    receipt = there.create()
    shop.sql("DELETE FROM shop_book")
    shutil.rmtree(shop.folder)
    shutil.rmtree(there.folder)

    (listed,) = there.listed()
    assert listed.name == receipt.name
    assert listed.lost.startswith("The backup itself is gone from the storage")
    assert listed.is_verified
    newest = there.backend.latest(shop.database)
    assert newest is not None
    assert newest.name == receipt.name
    checked = there.backend.restorable(receipt.name, "default")
    assert checked.name == receipt.name
    assert f"There is no backup {receipt.name}" in checked.lost

    result = there.backend.restore(receipt.name, shop.database)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    assert result.receipt.name == receipt.name
    (notice,) = result.notices
    assert notice == (
        f"The backup itself could not be used; its copy {receipt.copies[1].name} in "
        'STORAGES["RenamingStorage"] was restored.'
    )


@pytest.mark.vendors("sqlite")
def test_damage_of_every_kind_sends_a_restore_to_a_copy(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite")
    shop = there.shop
    name = there.create().name
    manifest = shop.folder / f"{name}.metadata"
    whole = {path: path.read_bytes() for path in (shop.folder / name, manifest)}
    for path in whole:
        for damage in (b"", whole[path][:-9], None):
            if damage is None:
                path.unlink()
            else:
                path.write_bytes(damage)
            shop.sql("DELETE FROM shop_book")
            result = there.backend.restore(name, shop.database, keep_old=False)
            assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
            assert len(result.notices) == 1
            path.write_bytes(whole[path])
    assert there.backend.restore(name, shop.database, keep_old=False).notices == ()
    # A storage that cannot even be asked is no other case.
    shutil.rmtree(shop.folder)
    shop.folder.write_text("not a folder")
    assert len(there.backend.restore(name, shop.database, keep_old=False).notices) == 1
    assert [one.name for one in there.listed()] == [name]


@pytest.mark.vendors("sqlite")
def test_a_restore_in_place_copies_the_backup_of_the_state_before(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite")
    name = there.create().name
    result = there.backend.restore(name, there.shop.database, in_place=True)
    assert result.kept in there.files()
    assert result.notices == ()
    (kept,) = [one for one in there.listed() if one.name == result.kept]
    assert [copy.error for copy in kept.copies] == [""]


@pytest.mark.vendors("sqlite")
def test_copies_are_pruned_and_the_newest_proven_backup_is_not(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite", "RenamingStorage")
    first, proven, third, fourth = (there.create().name for _ in range(4))
    there.backend.prove(proven, there.shop.database)
    # Only a copy of it is left: it is pruned like any other.
    (there.shop.folder / first).unlink()
    (there.shop.folder / f"{first}.metadata").unlink()

    there.folder.rename(there.folder.with_name("aside"))
    there.folder.write_text("not a folder")
    message = there.why_not(lambda: there.backend.prune("default", 1))
    assert message.startswith('Nothing was pruned, since STORAGES["offsite"]')
    there.folder.unlink()
    there.folder.with_name("aside").rename(there.folder)

    assert there.backend.prune("default", 1) == (third, first)
    assert [one.name for one in there.listed()] == [fourth, proven]
    kept = sorted([proven, f"{proven}.metadata", fourth, f"{fourth}.metadata"])
    assert there.files() == kept
    assert len(storages.RenamingStorage.objects) == len(kept)
    assert not [one for one in there.shop.files() if one.startswith((first, third))]
    assert there.backend.prune("default", 1) == ()
    with pytest.raises(ValueError, match="At least one"):
        there.backend.prune("default", 0)


@pytest.mark.vendors("sqlite")
def test_what_a_killed_upload_left_goes_with_its_backup(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite")
    name = there.create().name
    (there.folder / f"{name}.metadata").unlink()
    (there.folder / "another.dump").write_text("of somebody else")
    assert there.listed()[0].copies[0].error == "The copy is gone from this storage."
    there.backend.delete(name)
    assert there.files() == ["another.dump"]


@pytest.mark.vendors("sqlite")
def test_memory_stays_bounded(copied_to: Callable[..., Elsewhere]) -> None:
    there = copied_to("offsite")
    there.shop.sql("CREATE TABLE shop_scan (page blob)")
    there.shop.sql("INSERT INTO shop_scan VALUES (randomblob(32 * 1024 * 1024))")
    there.create()  # what is imported on first use is not counted
    tracemalloc.start()
    try:
        receipt = there.create()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert receipt.size > 32 * 1024**2
    assert peak < 12 * 1024**2


def test_a_copy_is_proven_where_the_backup_is_lost(copied_to: Callable[..., Elsewhere]) -> None:
    there = copied_to("offsite", "RemoteStorage")
    backend, database = there.backend, there.shop.database
    receipt = there.create()
    name = receipt.name
    proven = backend.prove(name, database)
    assert (proven.lost, proven.proof.startswith("restored into ")) == ("", True)

    original = there.shop.folder / name
    original.write_bytes(original.read_bytes()[:-1])
    (there.folder / name).unlink()
    used = f'The backup itself could not be used; its copy {name} in STORAGES["RemoteStorage"] was '
    proven = backend.prove(name, database)
    assert (proven.name, proven.lost) == (name, f"{used}proven.")
    assert proven.proof.startswith(f'of the copy {name} in STORAGES["RemoteStorage"]: restored')
    with backend.beside(name, database) as scratch:
        assert scratch.notices[-1] == f"{used}restored."
        with scratch.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM shop_book")
            assert cursor.fetchone() == (BOOKS,)

    storages.RemoteStorage.objects[name] = b""
    message = there.why_not(lambda: backend.prove(name, database))
    assert message.count("cut short") == 2


@pytest.mark.vendors("sqlite")
def test_what_fails_in_a_rehearsal_is_not_tried_again_on_a_copy(
    copied_to: Callable[..., Elsewhere],
) -> None:
    there = copied_to("offsite")
    name = there.create().name
    tried = []

    def rehearse() -> None:
        with there.backend.beside(name, there.shop.database):
            tried.append(name)
            raise BackupFailed("Raised by the caller.")

    assert there.why_not(rehearse) == "Raised by the caller."
    assert tried == [name]
    # Nor where the backup is whole, and something else is in the way.
    with transaction.atomic():
        message = there.why_not(lambda: there.backend.prove(name, there.shop.database))
    assert "is inside an open transaction of this process" in message
