"""
Backups encrypted with GnuPG, as django-dbbackup does it: for ``DBBACKUP_GPG_RECIPIENT``, under a name that ends in ``.gpg``.

``dbrestore --decrypt`` reads them. The program is run here and not through python-gnupg, so that neither the dump nor its plain text
is held in memory or written into a file that others can read, and so that nothing ever waits for somebody to type a passphrase.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django_safe_migrate.backups.connector import clean_environment
from django_safe_migrate.backups.programs import find_program, running
from django_safe_migrate.backups.streams import Fingerprint, SealedFile
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.backups.connector import SafeConnector
    from django_safe_migrate.backups.receipt import Receipt
    from django_safe_migrate.backups.storage import BackupStorage

SUFFIX = ".gpg"
PROGRAMS = ("gpg", "gpg2")
INSTALL = "Install GnuPG (Debian and Ubuntu: gpg), which encrypts backups."
IMPORT = "Import the secret key (gpg --import), or set the option passphrase if it has one."


def recipient() -> str:
    """Return for whom backups are encrypted; raise ``BackupFailed`` when django-dbbackup's setting does not say."""
    from dbbackup import settings as dbbackup_settings

    if not dbbackup_settings.GPG_RECIPIENT:
        raise BackupFailed(
            "DBBACKUP_GPG_RECIPIENT is not set, so it is not known for whom backups are to be encrypted."
        )
    return str(dbbackup_settings.GPG_RECIPIENT)


def encrypt(connector: SafeConnector, path: Path, target: Path) -> Fingerprint:
    """Encrypt a file into a new private one, and return what was written."""
    from dbbackup import settings as dbbackup_settings

    trust = ["--trust-model=always"] if dbbackup_settings.GPG_ALWAYS_TRUST else []
    arguments = ["--encrypt", f"--recipient={recipient()}", *trust]
    try:
        return _run(connector, arguments, path, target)
    except BackupFailed as error:
        raise BackupFailed(
            f"The backup could not be encrypted for {recipient()}. {error.message}"
        ) from error


@contextlib.contextmanager
def opened(
    connector: SafeConnector, storage: BackupStorage, receipt: Receipt, path: Path
) -> Iterator[Path]:
    """Yield where a backup can be read: the path itself, or a private file that is deleted afterwards, with what was encrypted in it."""
    if not receipt.encrypted_for:
        yield path
        return
    with storage.spool() as plain:
        try:
            found = _run(connector, ["--decrypt"], path, plain)
        except BackupFailed as error:
            raise BackupFailed(
                f"The backup {receipt.name} is encrypted for {receipt.encrypted_for}, and cannot be opened here. {error.message} {IMPORT}"
            ) from error
        if found.sha256 != receipt.content_sha256:
            raise BackupFailed(
                f"What is encrypted in the backup {receipt.name} is not what was backed up: its SHA-256 is {found.sha256}, "
                f"and the manifest says {receipt.content_sha256}."
            )
        yield plain


def check(connector: SafeConnector) -> list[Finding]:
    """Return what stands in the way of encrypting, or of opening what was encrypted."""
    with tempfile.TemporaryDirectory(prefix="safe-migrate-") as folder:
        plain, sealed, again = (Path(folder) / name for name in ("plain", "sealed", "again"))
        plain.write_bytes(b"probe")
        try:
            encrypt(connector, plain, sealed)
        except BackupFailed as error:
            return [
                Finding(
                    rule="backup_encryption_unusable",
                    severity=Severity.ERROR,
                    message=error.message,
                    hint="Set DBBACKUP_GPG_RECIPIENT to a key of which gpg has the public half, and that it trusts.",
                )
            ]
        try:
            _run(connector, ["--decrypt"], sealed, again)
        except BackupFailed as error:
            return [
                Finding(
                    rule="backup_not_openable_here",
                    severity=Severity.WARNING,
                    message=f"Backups encrypted for {recipient()} cannot be opened on this machine, so nothing is restored, proven or "
                    f"rehearsed here. {error.message}",
                    hint=IMPORT,
                )
            ]
    return []


def _run(connector: SafeConnector, arguments: list[str], source: Path, target: Path) -> Fingerprint:
    program = find_program(PROGRAMS)
    if program is None:
        raise BackupFailed(
            f"None of the programs {', '.join(PROGRAMS)} was found in PATH. {INSTALL}"
        )
    with _passphrase(connector.options.passphrase) as (option, descriptors):
        line = [
            program,
            "--batch",
            "--no-tty",
            "--pinentry-mode=loopback",
            "--no-auto-key-locate",
            *option,
            *arguments,
        ]
        with (
            source.open("rb") as content,
            SealedFile(target) as file,
            running(
                line,
                env={**clean_environment(), "LC_ALL": "C.UTF-8"},
                secrets=connector.secrets,
                stdin=content,
                stdout=subprocess.PIPE,
                pass_fds=descriptors,
            ) as process,
        ):
            for piece in process.output(stall=connector.options.stall):
                file.write(piece)
            process.finish()
    return file.fingerprint


@contextlib.contextmanager
def _passphrase(passphrase: str | None) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """Yield how the program gets a passphrase: through a pipe, where nobody else can read it."""
    if passphrase is None:
        yield [], ()
        return
    reading, writing = os.pipe()
    try:
        os.write(writing, passphrase.encode() + b"\n")
        os.close(writing)
        yield [f"--passphrase-fd={reading}"], (reading,)
    finally:
        os.close(reading)
