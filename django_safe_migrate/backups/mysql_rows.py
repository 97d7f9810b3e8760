"""Counting the rows in a dump of MariaDB while it streams by: what is counted there is what can be restored."""

from __future__ import annotations

import re

#: A name of 64 characters, quoted, with what stands around it in the longest line that we look at.
LONGEST_START = 1024
#: The beginning of a line that is not a row.
OTHER_LINE = re.compile(rb"\n(?!\()")
INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)` (?:\([^\n]*\) )?VALUES(.?)")
CREATE = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)`")


class RowCounter:
    """
    Counts rows per table.

    MariaDB's program writes every row on a line of its own, with newlines inside values escaped; so rows are the lines that begin
    with a parenthesis behind an INSERT. Other programs write many rows on one line; then ``is_exact`` turns false.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.is_exact = True
        self._table = ""
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

    def _scan(self, data: bytes) -> None:
        position = 0
        for match in OTHER_LINE.finditer(data):
            self._count(data, position, match.start())
            position = match.start()
            self._line(data[match.end() : match.end() + LONGEST_START])
        self._count(data, position, len(data))

    def _count(self, data: bytes, start: int, end: int) -> None:
        if self._table:
            self.rows[self._table] += data.count(b"\n(", start, end)

    def _line(self, line: bytes) -> None:
        self._table = ""
        if line.startswith(b"DELIMITER "):
            self._inside_program = line.startswith(b"DELIMITER ;;")
        if self._inside_program:
            return
        if match := INSERT.match(line):
            self._table = _name(match[1])
            self.rows.setdefault(self._table, 0)
            self.is_exact = self.is_exact and match[2] in {b"", b"\n"}
        elif match := CREATE.match(line):
            self.rows.setdefault(_name(match[1]), 0)


def _name(quoted: bytes) -> str:
    return quoted.replace(b"``", b"`").decode()
