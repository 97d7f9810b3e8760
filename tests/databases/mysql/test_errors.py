from __future__ import annotations

import pytest
from django.db import OperationalError

from django_safe_migrate.databases.mysql import errors

#: What MariaDB says when a disk of its is full, and what only looks like it.
ROOM = [
    (1114, "The table 'shop_order' is full", True),
    (1021, "Disk got full writing 'x.y' (Errcode: 28 \"No space left on device\")", True),
    (1878, "Temporary file write failure", True),
    (1030, 'Got error 28 "No space left on device" from storage engine InnoDB', True),
    (3, "Error writing file '/tmp/MYx' (Errcode: 28 \"No space left on device\")", True),
    (1026, "Error writing file './shop/t.MAD' (errno: 28 \"No space left on device\")", True),
    (1030, 'Got error 168 "Unknown (generic) error from engine" from storage engine', False),
    (1005, 'Can\'t create table `shop`.`t` (errno: 150 "Foreign key constraint")', False),
    (1146, "Table 'shop.t (errno: 28)' doesn't exist", False),
]


@pytest.mark.parametrize(("number", "text", "is_full"), ROOM)
def test_whether_a_disk_is_full(number: int, text: str, is_full: bool) -> None:
    assert errors.is_full(OperationalError(number, text)) is is_full
