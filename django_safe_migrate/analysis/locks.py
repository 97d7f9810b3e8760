"""Locks in words: a lock's name never comes without what it blocks."""

from __future__ import annotations

ACCESS_EXCLUSIVE = "an ACCESS EXCLUSIVE lock, which blocks reads and writes"
SHARE_ROW_EXCLUSIVE = "a SHARE ROW EXCLUSIVE lock, which blocks writes"
SHARE = "a SHARE lock, which blocks writes"
#: What MariaDB and MySQL do for a change that they can only make by copying the table (``ALGORITHM=COPY``).
COPY = "a copy of the table with LOCK=SHARED, which blocks writes"

#: The lock under which each vendor writes a table anew.
REWRITE = {"postgresql": ACCESS_EXCLUSIVE, "mysql": COPY}
#: The locks under which the index of a unique constraint, and any other index, is built where that blocks anyone.
UNIQUE = {"postgresql": ACCESS_EXCLUSIVE}
INDEX = {"postgresql": SHARE}
