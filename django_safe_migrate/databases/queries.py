"""The text of other sessions' queries, without the values that they carry."""

from __future__ import annotations

import re

# A server cuts long queries off, so every literal may end with the text.
_COMMENT = r"--[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)"
_ESCAPED = r"(?:[^'\\]|\\.|'')*(?:'|\Z)"
_PLAIN = r"(?:[^']|'')*(?:'|\Z)"
_NUMBER = r"(?<![\w.])(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(?!\w)"

_STANDARD = re.compile(
    rf"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<name>"(?:[^"]|"")*(?:"|\Z))
    | (?<!\w)[eE]'{_ESCAPED}
    | (?:(?<!\w)(?:[bBxXnN]|[uU]&))?'{_PLAIN}
    | (?<![\w$])\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
    | {_NUMBER}""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_MYSQL = re.compile(
    rf"""(?P<comment>{_COMMENT})
    | (?P<name>`(?:[^`]|``)*(?:`|\Z))
    | "(?:[^"\\]|\\.|"")*(?:"|\Z)
    | (?:(?<!\w)(?:[bBxXnN]|_\w+\s*))?'{_ESCAPED}
    | {_NUMBER}""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)


def without_values(sql: str | None, *, mysql: bool = False) -> str:
    """
    Return a query with every literal replaced by ``?`` and its comments removed, on one line.

    Args:
        sql: the query as the server shows it, perhaps cut off at its end.
        mysql: whether it is read as MySQL does, where ``"..."`` is a string and a backslash escapes in all strings.
    """
    return " ".join((_MYSQL if mysql else _STANDARD).sub(_replacement, sql or "").split())


def _replacement(match: re.Match[str]) -> str:
    if match["comment"]:
        return " "
    return match["name"] or "?"
