from __future__ import annotations

import errno
from pathlib import Path

import pytest

from django_safe_migrate.backups.refusals import naming_full_disk
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import Shop


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_how_much_is_missing_is_told_only_where_it_is_known(
    shop: Shop, tmp_path: Path, ahead: int
) -> None:
    """A server may know of fewer bytes than were written already."""
    connector = shop.backend._connector(shop.database)
    written = (connector.dump_bytes() or 0) + ahead
    path = tmp_path / "dump"
    path.write_bytes(b"x" * written)
    with pytest.raises(BackupFailed) as refused, naming_full_disk(connector, path):
        raise OSError(errno.ENOSPC, "No space left on device")
    told = "how many are missing is not known" if ahead >= 0 else "1 are missing"
    assert f"{written} bytes of it were written, and {told}." in refused.value.message
