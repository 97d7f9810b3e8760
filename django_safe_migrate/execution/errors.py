"""Database errors as they may be recorded: what the server said, without the values of rows."""

from __future__ import annotations

import re

from django.db import DatabaseError

#: PostgreSQL puts row values into these parts of an error; MySQL and SQLite put them between quotes.
_ROW_PARTS = re.compile(r"^(?:DETAIL|CONTEXT|LINE \d+):.*(?:\n(?!HINT:).*)*", re.MULTILINE)
_DUPLICATE_ENTRY = re.compile(r"(Duplicate entry )'.*?'(?= for key|$)", re.DOTALL)
_INPUT_VALUE = re.compile(r"((?:value|syntax|format|Incorrect)[^:\"']*: )(\"[^\"]*\"|'[^']*')")


def describe(error: BaseException) -> str:
    """Return the error's type and text; row values are cut from the text of database errors."""
    text = str(error).strip()
    if isinstance(error, DatabaseError):
        text = _ROW_PARTS.sub("", text)
        text = _DUPLICATE_ENTRY.sub(r"\1(value not shown)", text)
        text = _INPUT_VALUE.sub(r"\1(value not shown)", text)
    text = " ".join(text.split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
