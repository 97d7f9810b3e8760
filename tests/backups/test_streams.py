"""Digests of what is written and read."""

from __future__ import annotations

import hashlib
import io
import stat
from pathlib import Path

from django_safe_migrate.backups.streams import Fingerprint, SealedFile, fingerprint


def test_a_sealed_file_is_private_and_knows_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with SealedFile(path) as file:
        file.write(b"one")
        file.write(b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"onetwo"
    assert file.fingerprint == Fingerprint(6, hashlib.sha256(b"onetwo").hexdigest())


def test_reading_gives_the_same_digest_a_copy_and_progress() -> None:
    content, copy, seen = b"x" * 2_500_000, io.BytesIO(), []
    found = fingerprint(io.BytesIO(content), into=copy, seen=seen.append)
    assert found == Fingerprint(len(content), hashlib.sha256(content).hexdigest())
    assert copy.getvalue() == content
    assert seen == [1048576, 2097152, 2500000]
