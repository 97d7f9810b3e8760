"""Backups encrypted with GnuPG: made, proven, restored, and refused with the wrong key; with keys of our own in a folder of our own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dbbackup import settings as dbbackup_settings

from django_safe_migrate.backups import Receipt
from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import BOOKS, Shop
from tests.backups.test_dbbackup import drop_kept
from tests.management.commands.shop import installed
from tests.projects import Project

PASSPHRASE = "a passphrase of the tests"  # noqa: S105
#: Tests take PATH away.
GPGCONF = shutil.which("gpgconf") or "gpgconf"
KEYS = ("backup@shop.test", "other@shop.test")


def gpg(home: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = [
        "gpg",
        "--homedir",
        str(home),
        "--batch",
        "--no-tty",
        "--pinentry-mode",
        "loopback",
        *arguments,
    ]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


@pytest.fixture(scope="session")
def keys() -> dict[str, bytes]:
    """The public and the secret halves of two keys, the first with a passphrase."""
    # The path of the agent's socket must be short.
    home = Path(tempfile.mkdtemp(prefix="gpg-", dir="/tmp"))  # noqa: S108
    found = {}
    try:
        for key, passphrase in zip(KEYS, (PASSPHRASE, ""), strict=True):
            secret = ["--passphrase", passphrase]
            gpg(home, *secret, "--quick-generate-key", key, "future-default", "default", "never")
            found[f"{key} public"] = gpg(home, "--export", key)
            found[f"{key} secret"] = gpg(home, *secret, "--export-secret-keys", key)
    finally:
        end(home)
    return found


def end(home: Path) -> None:
    subprocess.run(
        [GPGCONF, "--homedir", str(home), "--kill", "all"], check=False, capture_output=True
    )
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def use_keys(
    keys: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Let GnuPG have these halves of keys and no others; the first key is the one that backups are for."""
    homes: list[Path] = []
    monkeypatch.setattr(dbbackup_settings, "GPG_RECIPIENT", KEYS[0])
    monkeypatch.setattr(dbbackup_settings, "GPG_ALWAYS_TRUST", True)

    def use(*names: str) -> None:
        homes.append(Path(tempfile.mkdtemp(prefix="gpg-", dir="/tmp")))  # noqa: S108
        for name in names:
            gpg(homes[-1], "--import", stdin=keys[name])
        monkeypatch.setenv("GNUPGHOME", str(homes[-1]))

    yield use
    for home in homes:
        end(home)


def backend(passphrase: str | None = PASSPHRASE) -> DbBackupBackend:
    return DbBackupBackend(lock_wait=5, encrypt=True, passphrase=passphrase)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(BackupFailed) as caught:
        act()
    assert caught.value.changed == "The database was not changed."
    assert PASSPHRASE not in str(caught.value)
    return caught.value.message


def readable(shop: Shop, receipt: Receipt) -> bool:
    """Whether a title of the shop can be read in what is kept of a backup."""
    return any(b"Title" in path.read_bytes() for path in shop.folder.iterdir())


@pytest.mark.vendors("postgresql", "mariadb")
def test_an_encrypted_backup_is_proven_and_restored(
    shop: Shop, use_keys: Callable[..., None]
) -> None:
    use_keys(f"{KEYS[0]} secret")
    encrypted = backend()
    assert [
        one
        for one in encrypted.check(shop.database)
        if "encrypt" in one.rule or "openable" in one.rule
    ] == []
    receipt = encrypted.create(shop.database)
    assert receipt.name.endswith(".gpg")
    assert receipt.encrypted_for == KEYS[0]
    assert receipt.verification.endswith("it was read in full before it was encrypted")
    assert receipt.row_checksums == {}
    assert receipt.row_counts["shop_book"].rows == BOOKS
    assert not readable(shop, receipt)
    assert {stat.S_IMODE(path.stat().st_mode) for path in shop.folder.iterdir()} == {0o600}

    verified = encrypted.verify(receipt.name, "default")
    assert verified.verification != receipt.verification
    proven = encrypted.prove(receipt.name, shop.database)
    assert "counts only (the manifest has no checksums of rows), 3 sequences" in proven.proof
    shop.sql("DELETE FROM shop_book")
    encrypted.restore(receipt.name, shop.database)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    # Nothing that was opened is left.
    assert not readable(shop, receipt)
    assert len(shop.files()) == 3


@pytest.mark.vendors("sqlite")
def test_without_the_key_it_is_made_and_not_opened(
    shop: Shop, use_keys: Callable[..., None]
) -> None:
    use_keys(f"{KEYS[0]} public", f"{KEYS[1]} secret")
    encrypted = backend(None)
    (finding,) = [one for one in encrypted.check(shop.database) if "openable" in one.rule]
    assert finding.severity.name == "WARNING"
    assert finding.message.startswith(
        f"Backups encrypted for {KEYS[0]} cannot be opened on this machine, so nothing is restored, proven or rehearsed here. "
        "gpg ended with status 2: "
    )
    name = encrypted.create(shop.database).name
    for act in (
        lambda: encrypted.verify(name, "default"),
        lambda: encrypted.prove(name, shop.database),
        lambda: encrypted.restore(name, shop.database),
    ):
        message = refused(act)
        assert (
            f"The backup {name} is encrypted for {KEYS[0]}, and cannot be opened here. gpg ended with status 2: "
            in message
        )
        assert "No secret key" in message
        assert message.endswith(
            "Import the secret key (gpg --import), or set the option passphrase if it has one."
        )


@pytest.mark.vendors("sqlite")
def test_a_wrong_passphrase(shop: Shop, use_keys: Callable[..., None]) -> None:
    use_keys(f"{KEYS[0]} secret")
    name = backend().create(shop.database).name
    use_keys(f"{KEYS[0]} secret")  # with an agent that knows no passphrase yet
    assert "Bad passphrase" in refused(lambda: backend("wrong").verify(name, "default"))
    assert "cannot be opened here" in refused(lambda: backend(None).verify(name, "default"))
    shop.sql("DELETE FROM shop_book")
    backend().restore(name, shop.database)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]


@pytest.mark.vendors("sqlite")
def test_nobody_to_encrypt_for(
    shop: Shop, use_keys: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keys(f"{KEYS[1]} public")
    (finding,) = [one for one in backend().check(shop.database) if one.is_blocking]
    assert finding.rule == "backup_encryption_unusable"
    assert finding.message.startswith(
        f"The backup could not be encrypted for {KEYS[0]}. gpg ended with status 2: "
    )
    assert "No public key" in finding.message
    assert "There is no verified backup" in refused(lambda: backend().create(shop.database))
    monkeypatch.setattr(dbbackup_settings, "GPG_RECIPIENT", None)
    assert refused(lambda: backend().create(shop.database)).endswith(
        "DBBACKUP_GPG_RECIPIENT is not set, so it is not known for whom backups are to be encrypted."
    )
    monkeypatch.setenv("PATH", str(shop.folder))
    assert "None of the programs gpg, gpg2 was found in PATH." in refused(
        lambda: encrypted_for(monkeypatch, KEYS[0]).create(shop.database)
    )
    assert shop.files() == []


def encrypted_for(monkeypatch: pytest.MonkeyPatch, key: str) -> DbBackupBackend:
    monkeypatch.setattr(dbbackup_settings, "GPG_RECIPIENT", key)
    return backend()


@pytest.mark.vendors("mariadb")
def test_dbrestore_opens_it_too(project: Project, use_keys: Callable[..., None]) -> None:
    """Its own name of a dump that is compressed and then encrypted, and what python-gnupg makes of that."""
    use_keys(f"{KEYS[0]} secret")
    installed(project)
    project.settings(
        STORAGES={
            "dbbackup": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(project.folder / "backups")},
            }
        },
        DBBACKUP_GPG_RECIPIENT=KEYS[0],
        DBBACKUP_GPG_ALWAYS_TRUST=True,
        SAFE_MIGRATE={"BACKUP": {"OPTIONS": {"encrypt": True, "passphrase": PASSPHRASE}}},
    )
    home = {"GNUPGHOME": os.environ["GNUPGHOME"]}
    project.manage("migrate_backup", "create", env=home)
    (name,) = [one.name for one in (project.folder / "backups").glob("*.dump.gz.gpg")]
    project.sql("DELETE FROM shop_order")
    options = ("--decrypt", "--uncompress", "--passphrase", PASSPHRASE)
    project.manage("dbrestore", "--noinput", *options, "-i", name, env=home)
    assert project.sql("SELECT count(*) FROM shop_order") == [(2,)]
    drop_kept(project)
