"""Counting the rows in a dump of MariaDB while it streams by: what is counted there is what can be restored."""

from __future__ import annotations

import hashlib
import re

from django_safe_migrate.backups.contents import Details, checksum

#: A name of 64 characters, quoted, with what stands around it in the longest line that we look at.
LONGEST_START = 1024
#: The beginning of a line that is not a row.
OTHER_LINE = re.compile(rb"\n(?!\()")
INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)` (?:\([^\n]*\) )?VALUES(.?)")
CREATE = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)`")
#: The end of a CREATE TABLE: which number the next row gets.
COUNTER = re.compile(rb"\) ENGINE=\w+ AUTO_INCREMENT=(\d+)")


class RowSum:
    """
    Adds up a digest of each row of one table, whatever pieces the rows come in.

    A row is a line; its last byte says only whether another one follows.
    """

    def __init__(self) -> None:
        self.total = 0
        self._digest: hashlib.blake2b | None = None
        self._is_inside = False
        self._last = b""

    def add(self, data: bytes) -> None:
        """Take the next bytes of the dump that belong to the table."""
        first, *lines = data.split(b"\n")
        self._go_on(first)
        if not lines:
            return
        self.end_line()
        for line in lines[:-1]:
            if line.startswith(b"("):
                digest = hashlib.blake2b(line[:-1], digest_size=8).digest()
                self.total += int.from_bytes(digest, "big")
        self._go_on(lines[-1])

    def _go_on(self, part: bytes) -> None:
        if not part:
            return
        if not self._is_inside:
            self._is_inside = True
            self._digest = hashlib.blake2b(digest_size=8) if part.startswith(b"(") else None
        if self._digest is not None:
            self._digest.update(self._last)
            self._digest.update(part[:-1])
            self._last = part[-1:]

    def end_line(self) -> None:
        """Take note that the present line is complete."""
        if self._digest is not None:
            self.total += int.from_bytes(self._digest.digest(), "big")
        self._digest, self._is_inside, self._last = None, False, b""


class RowCounter:
    """
    Counts rows per table, and adds up digests of the rows of tables with fewer than ``checksum_below``.

    MariaDB's program writes every row on a line of its own, with newlines inside values escaped; so rows are the lines that begin
    with a parenthesis behind an INSERT. Other programs write many rows on one line; then ``is_exact`` turns false.
    """

    def __init__(self, checksum_below: int = 0) -> None:
        self.rows: dict[str, int] = {}
        self.counters: dict[str, int] = {}
        self._sums: dict[str, RowSum] = {}
        self._checksum_below = checksum_below
        self.is_exact = True
        self._table = self._created = ""
        self._inside_program = False
        self._held = b"\n"

    def add(self, piece: bytes) -> None:
        """Take the next piece of the dump."""
        data = self._held + piece
        last = data.rfind(b"\n")
        # The beginning of a line must be seen whole; a long line is not kept, only its beginning matters.
        cut = last if last >= 0 and len(data) - last < LONGEST_START else len(data)
        self._held = data[cut:]
        self._scan(data[:cut])

    def finish(self) -> dict[str, int]:
        """Return the rows of every table in the dump."""
        self._scan(self._held)
        self._held = b""
        return self.rows

    def details(self) -> Details:
        """Return the checksums of the tables that are not too large, and the number that the next row of each would get at least."""
        sums = {
            table: checksum(self._sums[table].total if table in self._sums else 0)
            for table, rows in sorted(self.rows.items())
            if rows < self._checksum_below
        }
        counters = {table: (number, None) for table, number in sorted(self.counters.items())}
        return Details(sums if self.is_exact else {}, counters)

    def _scan(self, data: bytes) -> None:
        position = 0
        for match in OTHER_LINE.finditer(data):
            self._count(data, position, match.start())
            position = match.start()
            self._line(data[match.end() : match.end() + LONGEST_START])
        self._count(data, position, len(data))

    def _count(self, data: bytes, start: int, end: int) -> None:
        if not self._table:
            return
        self.rows[self._table] += data.count(b"\n(", start, end)
        if self.is_exact and self.rows[self._table] < self._checksum_below:
            self._sums.setdefault(self._table, RowSum()).add(data[start:end])

    def _line(self, line: bytes) -> None:
        if self._table in self._sums:
            self._sums[self._table].end_line()
        created, self._created, self._table = self._created, "", ""
        if line.startswith(b"DELIMITER "):
            self._inside_program = line.startswith(b"DELIMITER ;;")
        if self._inside_program:
            return
        if match := INSERT.match(line):
            self._table = _name(match[1])
            self.rows.setdefault(self._table, 0)
            self.is_exact = self.is_exact and match[2] in {b"", b"\n"}
        elif match := CREATE.match(line):
            self._created = _name(match[1])
            self.rows.setdefault(self._created, 0)
        elif match := COUNTER.match(line):
            self.counters[created] = int(match[1])
        else:
            self._created = created


def _name(quoted: bytes) -> str:
    return quoted.replace(b"``", b"`").decode(errors="backslashreplace")
