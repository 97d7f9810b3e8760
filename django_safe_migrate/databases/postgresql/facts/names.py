"""The names that PostgreSQL gives to what is not named."""

from __future__ import annotations

#: https://www.postgresql.org/docs/current/limits.html, in bytes of the server's encoding.
LONGEST_NAME = 63


def index_name(table: str, columns: tuple[str, ...], suffix: str) -> str:
    """
    Return the name of an index that a statement does not name, as PostgreSQL's ``makeObjectName`` does, if it is free.

    Args:
        table: whose index it is, with or without its schema.
        columns: that it is on, none for a primary key.
        suffix: ``idx``, ``key``, ``pkey`` or ``excl``.
    """
    first, second = table.rpartition(".")[2].encode(), "_".join(columns).encode()
    room = LONGEST_NAME - len(suffix) - (2 if second else 1)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = (first.decode(errors="ignore"), second.decode(errors="ignore"), suffix)
    return "_".join(part for part in parts if part)
