"""A file storage that reads what is there and writes into memory: a migration's files are rehearsed like its rows."""

from __future__ import annotations

import datetime
import functools
from typing import Any

from django.core.files.storage import Storage
from django.core.files.storage.handler import StorageHandler
from django.core.files.storage.memory import InMemoryStorage


class OverlaidStorage(Storage):
    """
    Keeps what is saved in memory over another storage, which is only read.

    Args:
        original: the entry of ``STORAGES`` that this one stands for.
    """

    def __init__(self, *, original: dict[str, Any]) -> None:
        self._entry = original
        self._memory: Any = InMemoryStorage()
        self._deleted: set[str] = set()

    @functools.cached_property
    def original(self) -> Storage:
        """The storage that is read."""
        backends: Any = {"default": self._entry}
        return StorageHandler(backends)["default"]

    def exists(self, name: str) -> bool:
        """Whether a file was saved here, or is there and was not deleted here."""
        there = name not in self._deleted and self.original.exists(name)
        return there or bool(self._memory.exists(name))

    def delete(self, name: str) -> None:
        """Forget a file; the one below stays as it is."""
        self._deleted.add(name)
        if self._memory.exists(name):
            self._memory.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """What is in a folder below, as it is there."""
        return self.original.listdir(path)

    def size(self, name: str) -> int:
        """The bytes of a file."""
        return int(self._of(name).size(name))

    def path(self, name: str) -> str:
        """The path of a file below; what was saved here has none."""
        if self._memory.exists(name):
            raise NotImplementedError("A file that a rehearsal saved is in memory, without a path.")
        return self.original.path(name)

    def url(self, name: str | None) -> str:
        """The URL that the file has, or will have."""
        return self.original.url(name)

    def get_modified_time(self, name: str) -> datetime.datetime:
        """When a file was changed."""
        found: datetime.datetime = self._of(name).get_modified_time(name)
        return found

    def _of(self, name: str) -> Any:
        if self._memory.exists(name):
            return self._memory
        if name in self._deleted:
            raise FileNotFoundError(f"{name} was deleted in this rehearsal.")
        return self.original

    def _open(self, name: str, mode: str = "rb") -> Any:
        if "w" in mode or "a" in mode or "+" in mode:
            return self._memory.open(name, mode)
        return self._of(name).open(name, mode)

    def _save(self, name: str, content: Any) -> str:
        return str(self._memory.save(name, content))
