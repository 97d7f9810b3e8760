"""Copying bytes in pieces of bounded size, with their number and digest."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

PIECE = 1024 * 1024

#: Called with the number of bytes done so far.
BytesSeen = Callable[[int], None]


class Readable(Protocol):
    """Anything with ``read(size)``: a file, a pipe, a file of a storage."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    """The number of bytes and their SHA-256."""

    size: int
    sha256: str


class SealedFile:
    """A new private file that computes the digest of what is written to it, and is on disk when it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=PIECE)
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append these bytes."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def fingerprint(self) -> Fingerprint:
        """What was written so far."""
        return Fingerprint(self.size, self._digest.hexdigest())

    def __enter__(self) -> SealedFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


def pieces(stream: Readable) -> Iterator[bytes]:
    """Yield what is left in a stream."""
    while piece := stream.read(PIECE):
        yield piece


def fingerprint(
    stream: Readable, *, into: BinaryIO | None = None, seen: BytesSeen | None = None
) -> Fingerprint:
    """Read a stream to its end, copy it into a file if one is given, and return its size and digest."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces(stream):
        digest.update(piece)
        size += len(piece)
        if into is not None:
            into.write(piece)
        if seen is not None:
            seen(size)
    return Fingerprint(size, digest.hexdigest())


def sync_file(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
