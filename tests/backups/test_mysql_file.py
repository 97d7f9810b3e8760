"""Reading the file of a dump, compressed or not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from django_safe_migrate.backups.mysql_file import is_complete, uncompressed
from django_safe_migrate.exceptions import BackupFailed

SQL = b"SELECT 1;\n" * 1000 + b"-- Dump completed on 2026-01-01\n"


@pytest.mark.parametrize("content", [SQL, gzip.compress(SQL)], ids=["plain", "gzip"])
def test_both_forms_give_the_same(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dump"
    path.write_bytes(content)
    assert b"".join(uncompressed(path)) == SQL


@pytest.mark.parametrize("cut", [3, 30, -1])
def test_a_file_that_is_cut_short(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "dump.gz"
    path.write_bytes(gzip.compress(SQL)[:cut])
    with pytest.raises(BackupFailed, match="dump.gz cannot be decompressed"):
        list(uncompressed(path))


def test_the_last_line() -> None:
    assert is_complete(SQL[-200:])
    assert not is_complete(SQL[:-40])
    assert not is_complete(b"")
