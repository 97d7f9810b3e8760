"""Where backups are kept: Django's storage ``dbbackup``, or a private folder when the project configures none."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages

from django_safe_migrate import conf
from django_safe_migrate.backups.storage_folders import (
    PRIVATE,
    folder_of,
    make_private,
    private,
    temporary_folder,
)
from django_safe_migrate.backups.streams import (
    BytesSeen,
    Fingerprint,
    SealedFile,
    fingerprint,
    pieces,
    sync_file,
)
from django_safe_migrate.exceptions import BackupFailed

ALIAS = "dbbackup"
#: No date in it: what django-dbbackup lists as a backup is what has one.
SPOOL_PREFIX = ".django-safe-migrate-"
SPOOL_SUFFIX = ".partial"
#: Seconds after which an unfinished file is what a killed process left.
STALE = 24 * 3600.0
#: What may be shown of a storage; anything else could be a secret.
SHOWN = ("location", "bucket_name", "azure_container", "root_path", "base_url")


class BackupStorage:
    """A Django storage, with what backups need of it: a spool next to it, reading back, and errors that say where."""

    def __init__(self, storage: Storage, *, is_default: bool = False) -> None:
        self.storage = private(storage)
        self.is_default = is_default
        self.folder = folder_of(storage)

    def __str__(self) -> str:
        name = type(self.storage).__name__
        if self.folder is not None:
            return f"{name} {self.folder}"
        shown = [
            str(value)
            for key in SHOWN
            if isinstance(value := getattr(self.storage, key, None), str) and value
        ]
        return " ".join([name, *shown])

    # --- the spool ----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def spool(self) -> Iterator[Path]:
        """
        Yield the path of a private file that is deleted when the block ends.

        It lies inside a local storage, so that a finished backup is moved into its place in one step and needs no second copy.
        """
        folder = self.spool_folder()
        path = folder / f"{SPOOL_PREFIX}{secrets.token_hex(8)}{SPOOL_SUFFIX}"
        try:
            self._prepare(folder)
            yield path
        finally:
            for left in folder.glob(f"{path.name}*"):
                left.unlink(missing_ok=True)

    def spool_folder(self) -> Path:
        """Return the folder for unfinished files."""
        return self.folder or Path(temporary_folder())

    def _prepare(self, folder: Path) -> None:
        try:
            if self.is_default:
                make_private(folder)
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(f"{SPOOL_PREFIX}*{SPOOL_SUFFIX}*"):
                if time.time() - left.stat().st_mtime > STALE:
                    left.unlink(missing_ok=True)
        except OSError as error:
            raise BackupFailed(
                f"The folder {folder} for backups cannot be written: {error.strerror}."
            ) from error

    # --- files --------------------------------------------------------------------------------------------------------------

    def save(self, name: str, path: Path) -> str:
        """Put a spooled file into the storage, and return the name that the storage gave it."""
        with self._errors(f"store {name}"), path.open("rb") as file:
            content = _MovableFile(file, path) if self.folder is not None else File(file, name=name)
            real = self.storage.save(name, content)
            if self.folder is not None:
                sync_file(self.folder)
            return str(real)

    def save_copy(self, name: str, path: Path) -> str:
        """Put a file, which stays where it is, into the storage, and return the name that the storage gave it."""
        if self.folder is None:
            with self._errors(f"store {name}"), path.open("rb") as file:
                return str(self.storage.save(name, File(file, name=name)))
        with self.spool() as spooled, self._errors(f"store {name}"):
            with path.open("rb") as file, SealedFile(spooled) as sealed:
                for piece in pieces(file):
                    sealed.write(piece)
            return self.save(name, spooled)

    def read_through(self, name: str, seen: BytesSeen | None = None) -> Fingerprint:
        """Read a file in full without keeping it, and return what was read."""
        with self._errors(f"read {name}"), self.storage.open(name, "rb") as file:
            return fingerprint(file, seen=seen)

    def save_json(self, name: str, data: dict[str, Any]) -> str:
        """Store plain data, and return the name that the storage gave it."""
        text = json.dumps(data, indent=2, sort_keys=True).encode()
        if self.folder is None:
            with self._errors(f"store {name}"):
                return str(self.storage.save(name, ContentFile(text)))
        with self.spool() as path, self._errors(f"store {name}"):
            with SealedFile(path) as sealed:
                sealed.write(text)
            return self.save(name, path)

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""
        with self._errors(f"read {name}"), self.storage.open(name, "rb") as file:
            return bytes(file.read())

    @contextlib.contextmanager
    def fetched(
        self, name: str, seen: BytesSeen | None = None
    ) -> Iterator[tuple[Path, Fingerprint]]:
        """Read a file from the storage in full; yield where it now is on this machine, and what was read."""
        if self.folder is not None:
            with self._errors(f"read {name}"), self.storage.open(name, "rb") as file:
                found = fingerprint(file, seen=seen)
            yield Path(self.storage.path(name)), found
            return
        with self.spool() as path:
            with (
                self._errors(f"read {name}"),
                self.storage.open(name, "rb") as file,
                path.open("wb") as fetched,
            ):
                path.chmod(PRIVATE)
                found = fingerprint(file, into=fetched, seen=seen)
            yield path, found

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        with self._errors(f"look for {name}"):
            return bool(self.storage.exists(name))

    def delete(self, name: str) -> None:
        """Delete a file; harmless when there is none."""
        with self._errors(f"delete {name}"):
            if self.storage.exists(name):
                self.storage.delete(name)

    def names(self) -> tuple[str, ...]:
        """Return the names of all files, sorted; a folder that does not exist yet has none."""
        with self._errors("list its files"):
            try:
                listed = self.storage.listdir("")[1]
            except FileNotFoundError:
                return ()
            location = (
                str(getattr(self.storage, "location", "") or "").replace("\\", "/").strip("/")
            )
            prefix = f"{location}/" if location and self.folder is None else ""
            return tuple(sorted(str(name).removeprefix(prefix) for name in listed))

    def probe(self) -> str:
        """Write, read and delete a small file; return what went wrong, or an empty text."""
        name = f"{SPOOL_PREFIX}probe-{secrets.token_hex(8)}.txt"
        content = secrets.token_bytes(64)
        try:
            if self.folder is not None:
                self._prepare(self.folder)
            with self._errors("store a small file"):
                name = self.storage.save(name, ContentFile(content))
            if self.read(name) != content:
                return f"The storage for backups ({self}) gave other bytes back than were written."
            self.delete(name)
        except BackupFailed as error:
            return error.message
        return ""

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Say where it failed, whatever class of error a storage raises."""
        try:
            yield
        except (BackupFailed, ImproperlyConfigured):
            raise
        except Exception as error:
            raise BackupFailed(
                f"The storage for backups ({self}) could not {what}: {type(error).__name__}: {error}"
            ) from error


class _MovableFile(File):  # type: ignore[type-arg]
    """A file that a storage on the same disk may rename instead of copying."""

    def __init__(self, file: Any, path: Path) -> None:
        super().__init__(file, name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def open_storage() -> BackupStorage:
    """
    Return the storage for backups as it is configured now.

    Raises:
        ImproperlyConfigured: ``STORAGES["dbbackup"]`` names no storage, or one that does not take its options.
    """
    configured: Any = storages.backends
    entry = configured.get(ALIAS)
    if entry is None:
        folder = conf.state_directory() / "backups"
        return BackupStorage(
            FileSystemStorage(
                location=folder, file_permissions_mode=0o600, directory_permissions_mode=0o700
            ),
            is_default=True,
        )
    options = entry.get("OPTIONS", {})
    try:
        if all(key.islower() for key in options):
            return BackupStorage(storages[ALIAS])
        # django-dbbackup takes the names of options in capitals too.
        lowered = {key.lower(): value for key, value in options.items()}
        return BackupStorage(storages.create_storage({**entry, "OPTIONS": lowered}))
    except (InvalidStorageError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f'STORAGES["{ALIAS}"] cannot be used: {error}') from error


def open_copies(alias: str) -> BackupStorage:
    """
    Return the storage of copies with this alias in ``STORAGES``.

    Raises:
        ImproperlyConfigured: it cannot be made, or is the folder that the backups themselves are in.
    """
    try:
        storage = BackupStorage(storages[alias])
    except (InvalidStorageError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f'STORAGES["{alias}"] cannot be used: {error}') from error
    if storage.folder is not None and storage.folder == open_storage().folder:
        raise ImproperlyConfigured(
            f'STORAGES["{alias}"] is the folder {storage.folder}, where the backups themselves are; a copy there is none.'
        )
    return storage
