"""Storages that behave as remote ones do."""

from __future__ import annotations

import io
from typing import Any, ClassVar

from django.core.files.base import File
from django.core.files.storage import Storage


class RemoteStorage(Storage):
    """An object store in memory: no paths, no descriptors, and content must be seekable, as for a retried upload."""

    objects: ClassVar[dict[str, bytes]] = {}

    def __init__(self, bucket_name: str = "shop-backups", secret_key: str = "") -> None:
        self.bucket_name = bucket_name
        self.secret_key = secret_key

    def _save(self, name: str, content: Any) -> str:
        content.seek(0)
        self.objects[name] = b"".join(content.chunks())
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        if name not in self.objects:
            raise FileNotFoundError(name)
        return File(Unseekable(self.objects[name]), name=name)

    def exists(self, name: str) -> bool:
        return name in self.objects

    def delete(self, name: str) -> None:
        self.objects.pop(name, None)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return [], list(self.objects)

    def size(self, name: str) -> int:
        return len(self.objects[name])


class Unseekable(io.BytesIO):
    """What comes over a network has no descriptor."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


class RenamingStorage(RemoteStorage):
    """Gives every object a name of its own."""

    objects: ClassVar[dict[str, bytes]] = {}

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return self.get_alternative_name(*name.rsplit(".", 1)) if "." in name else name

    def get_alternative_name(self, file_root: str, file_ext: str) -> str:
        return f"{file_root}_x{len(self.objects)}.{file_ext}"


class CorruptingStorage(RemoteStorage):
    """Loses the last byte of everything large."""

    objects: ClassVar[dict[str, bytes]] = {}

    def _save(self, name: str, content: Any) -> str:
        name = super()._save(name, content)
        if len(self.objects[name]) > 1000 and not name.endswith(".metadata"):
            self.objects[name] = self.objects[name][:-1]
        return name


class RefusingStorage(RemoteStorage):
    """Lets nobody write."""

    objects: ClassVar[dict[str, bytes]] = {}

    def _save(self, name: str, content: Any) -> str:
        raise PermissionError(13, "Access Denied")


class BreakingStorage(RemoteStorage):
    """Takes small files, and breaks off in the middle of large ones, of which a part stays."""

    objects: ClassVar[dict[str, bytes]] = {}
    raised: ClassVar[BaseException] = ConnectionResetError(104, "Connection reset by peer")

    def _save(self, name: str, content: Any) -> str:
        name = super()._save(name, content)
        if len(self.objects[name]) > 1000 and not name.endswith(".metadata"):
            self.objects[name] = self.objects[name][:1000]
            raise self.raised
        return name


class InterruptedStorage(BreakingStorage):
    """Somebody presses Ctrl-C in the middle of large files."""

    objects: ClassVar[dict[str, bytes]] = {}
    raised: ClassVar[BaseException] = KeyboardInterrupt()
