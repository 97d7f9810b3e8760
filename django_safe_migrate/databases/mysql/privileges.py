"""What an account of MariaDB or MySQL may do, read from its grants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: What Django's migrations need on the whole schema.
NEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES")

_GRANT = re.compile(
    r"GRANT (?P<privileges>.+?) ON (?:TABLE )?(?P<object>(?:`(?:[^`]|``)*`|\*)\.\*) TO ",
    re.IGNORECASE,
)
#: Privileges whose holder may write while the server is read-only.
_ABOVE_READ_ONLY = {
    "SUPER",
    "READ ONLY ADMIN",
    "READ_ONLY ADMIN",
    "CONNECTION_ADMIN",
    "ALL PRIVILEGES",
}


def missing(grants: Iterable[str], schema: str) -> tuple[str, ...]:
    """Return the needed privileges that no grant gives on a schema."""
    held = {
        name
        for privileges, covered in _parsed(grants)
        if _covers(covered, schema)
        for name in privileges
    }
    if "ALL PRIVILEGES" in held or "ALL" in held:
        return ()
    return tuple(name for name in NEEDED if name not in held)


def may_write_when_read_only(grants: Iterable[str]) -> bool:
    """Whether a global privilege lifts the server's read-only mode."""
    return any(
        covered == "*" and privileges & _ABOVE_READ_ONLY for privileges, covered in _parsed(grants)
    )


def _parsed(grants: Iterable[str]) -> Iterator[tuple[set[str], str]]:
    """Yield privileges with the schema's pattern; grants on single tables and roles have none."""
    for grant in grants:
        match = _GRANT.match(grant)
        if match:
            privileges = {name.strip().upper() for name in match["privileges"].split(",")}
            yield privileges, match["object"].removesuffix(".*").strip("`").replace("``", "`")


def _covers(pattern: str, schema: str) -> bool:
    """Whether a grant's pattern, with ``%`` and ``_`` as wildcards and ``\\`` before literal ones, covers a schema."""
    if pattern == "*":
        return True
    translated = "".join(_translated(part) for part in re.findall(r"\\.|.", pattern, re.DOTALL))
    return re.fullmatch(translated, schema, re.DOTALL) is not None


def _translated(part: str) -> str:
    if len(part) == 2:
        return re.escape(part[1])
    return {"%": ".*", "_": "."}.get(part, re.escape(part))
