"""The file of a dump of MariaDB or MySQL: SQL, compressed by us, with a last line that says it is complete."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_safe_migrate.backups.streams import pieces
from django_safe_migrate.exceptions import BackupFailed

#: What the dump program writes last, and only when everything else was written.
TRAILER = b"-- Dump completed"
#: The position is in the first of these bytes.
HEAD_BYTES = 4096
_POSITION = re.compile(
    rb"^-- CHANGE MASTER TO MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+);", re.MULTILINE
)
GZIP_MAGIC = b"\x1f\x8b"


def uncompressed(path: Path) -> Iterator[bytes]:
    """Yield the SQL of a dump, compressed or not: ``dbrestore --uncompress`` hands it over uncompressed."""
    with path.open("rb") as raw:
        is_compressed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        stream: Any = gzip.GzipFile(fileobj=raw) if is_compressed else raw
        try:
            yield from pieces(stream)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BackupFailed(f"{path.name} cannot be decompressed: {error}.") from error


def is_complete(end: bytes) -> bool:
    """Whether these bytes end as a complete dump does."""
    lines = end.rstrip().splitlines()
    return bool(lines) and lines[-1].startswith(TRAILER)


def log_position(head: bytes) -> dict[str, Any]:
    """Return the position of the binary log that a dump's beginning tells; nothing when it tells none."""
    found = _POSITION.search(head)
    if found is None:
        return {}
    return {"log": "binary log", "at": f"{found[1].decode()}:{found[2].decode()}"}
