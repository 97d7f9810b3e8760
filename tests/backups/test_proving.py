"""A backup is proven by restoring it beside the real database, which stays untouched."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from typing import Any

import psutil
import pytest

from django_safe_migrate.backups import names, proofs
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import AUTHORS, BOOKS, Shop, limited_role


def scratch_left(shop: Shop) -> list[str]:
    """The databases, or files, that were made to restore into."""
    if shop.connection.vendor == "sqlite":
        folder = shop.folder.parent
        found = [path.name for path in folder.rglob(f"{names.SCRATCH_PREFIX}*")]
        file = shop.connection.settings_dict["NAME"]
        return found + [
            path.name for path in type(folder)(file).parent.glob(f"{names.SCRATCH_PREFIX}*")
        ]
    query = {
        "postgresql": "SELECT datname FROM pg_database",
        "mysql": "SELECT schema_name FROM information_schema.schemata",
    }[shop.connection.vendor]
    return [name for (name,) in shop.server.query(query) if name.startswith(names.SCRATCH_PREFIX)]


def prove(shop: Shop, name: str, **options: Any) -> Any:
    return shop.backend.prove(name, shop.database, **options)


def test_a_sound_backup_is_proven_and_nothing_is_left(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book WHERE id > 100")
    told: list[str] = []
    proven = prove(shop, receipt.name, progress=lambda what, done, total: told.append(what))
    assert proven.proven_at
    assert (
        f"{AUTHORS + BOOKS + 2} rows in 3 of 3 tables counted, checksums of all rows of 3 tables compared, "
        "3 sequences, 2 applied migrations and the number of other objects as in the manifest."
    ) in proven.proof
    assert "checking" in told
    assert scratch_left(shop) == []
    # The real database is as it was.
    assert shop.sql("SELECT count(*) FROM shop_book") == [(100,)]


def test_the_proof_is_listed_and_deleted_with_its_backup(shop: Shop) -> None:
    first, second = shop.create(), shop.create()
    assert first.proven_at == ""
    proven = prove(shop, first.name)
    # Proven again: the last time counts.
    again = prove(shop, first.name)
    assert again.proven_at >= proven.proven_at
    listed = {one.name: one for one in shop.backend.list("default")}
    assert listed[first.name].proven_at == again.proven_at
    assert listed[second.name].proven_at == ""
    assert shop.backend.verify(first.name, "default").proof == again.proof
    shop.backend.delete(first.name)
    assert [name for name in shop.files() if name.startswith(first.name)] == []


def test_a_backup_that_is_not_what_its_manifest_says_is_not_proven(shop: Shop) -> None:
    receipt = shop.create()
    manifest = shop.folder / f"{receipt.name}.metadata"
    data = json.loads(manifest.read_text())
    # A manifest with a seal of its own, so that only the restore can tell.
    counts = {
        **receipt.row_counts,
        "shop_book": dataclasses.replace(receipt.row_counts["shop_book"], rows=7),
    }
    data["safe_migrate"] = dataclasses.replace(
        receipt, row_counts=counts, counts_match_dump=True
    ).to_json()
    manifest.write_text(json.dumps(data))
    with pytest.raises(BackupFailed) as failure:
        prove(shop, receipt.name)
    assert failure.value.message.startswith(f"The backup {receipt.name} is not proven. ")
    assert f"The table shop_book has {BOOKS} rows, and the backup was made of 7." in (
        failure.value.message
    )
    assert failure.value.changed == "The database was not changed."
    assert scratch_left(shop) == []
    assert proofs.name_of(receipt.name) not in shop.files()


def test_a_damaged_backup_is_not_proven(shop: Shop) -> None:
    receipt = shop.create()
    file = shop.folder / receipt.name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BackupFailed, match="SHA-256"):
        prove(shop, receipt.name)
    assert scratch_left(shop) == []


def test_a_proof_of_other_content_does_not_count(shop: Shop) -> None:
    receipt = shop.create()
    prove(shop, receipt.name)
    proof = shop.folder / proofs.name_of(receipt.name)
    proof.write_text(proof.read_text().replace(receipt.sha256, "0" * 64))
    assert shop.backend.list("default")[0].proven_at == ""
    proof.write_text("{damaged")
    assert shop.backend.list("default")[0].proven_at == ""
    assert not shop.backend.list("default")[0].broken


def test_a_scratch_database_that_a_killed_process_left_is_dropped_by_repair(shop: Shop) -> None:
    receipt = shop.create()
    shop.connection.close()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - dies before coverage is written
        die_while_proving(shop, receipt.name)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(scratch_left(shop)) == 1
    (done,) = shop.backend.repair(shop.database)
    assert "which a killed process had left" in done
    assert scratch_left(shop) == []
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    assert prove(shop, receipt.name).proven_at


def die_while_proving(shop: Shop, name: str) -> None:  # pragma: no cover - dies
    try:
        prove(
            shop,
            name,
            progress=lambda what, done, total: what == "checking" and psutil.Process().kill(),
        )
    finally:
        os._exit(0)


@pytest.mark.vendors("postgresql")
def test_a_role_that_may_not_create_databases_is_told(shop: Shop) -> None:
    receipt = shop.create()
    with limited_role(shop), pytest.raises(BackupFailed) as failure:
        prove(shop, receipt.name)
    assert "could not create one" in failure.value.message
    assert scratch_left(shop) == []
