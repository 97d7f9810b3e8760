"""Counting rows in a dump, however it is cut into pieces."""

from __future__ import annotations

import pytest

from django_safe_migrate.backups.mysql_rows import RowCounter

DUMP = b"""-- MariaDB dump
CREATE TABLE `empty` (
  `id` int(11)
) ENGINE=InnoDB;
CREATE TABLE `odd``name` (
  `id` int(11)
);
INSERT INTO `odd``name` VALUES
(1,'a\\n(b'),
(2,'INSERT INTO `empty` VALUES'),
(3,'c');
INSERT INTO `odd``name` VALUES
(4,'d');
/*!40000 ALTER TABLE `odd``name` ENABLE KEYS */;
CREATE TABLE `columns` (
  `a` int
);
INSERT INTO `columns` (`a`, `b`) VALUES
(1,2);
DELIMITER ;;
CREATE PROCEDURE `p`()
BEGIN
INSERT INTO `empty` VALUES
(1),
(2);
END ;;
DELIMITER ;
(this is no row)
-- Dump completed on 2026-01-01
"""


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_rows_are_counted_whatever_the_pieces(size: int) -> None:
    counter = RowCounter()
    for start in range(0, len(DUMP), size):
        counter.add(DUMP[start : start + size])
    assert counter.finish() == {"empty": 0, "odd`name": 4, "columns": 1}
    assert counter.is_exact


def test_a_very_long_row_is_not_kept_in_memory() -> None:
    counter = RowCounter()
    counter.add(b"INSERT INTO `t` VALUES\n(1,0x")
    for _ in range(100):
        counter.add(b"0" * 100_000)
        assert len(counter._held) < 2_000
    counter.add(b"),\n(2,NULL);\n-- Dump completed")
    assert counter.finish() == {"t": 2}


def test_many_rows_on_one_line_are_not_counted_as_one() -> None:
    """MySQL's own program writes them so; then the server is asked for counts."""
    counter = RowCounter()
    counter.add(b"CREATE TABLE `t` (\nINSERT INTO `t` VALUES (1,'a'),(2,'b');\n")
    assert counter.finish() == {"t": 0}
    assert not counter.is_exact
