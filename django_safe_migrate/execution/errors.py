"""Database errors as they may be recorded: what the server said, without the values of rows."""

from __future__ import annotations

import re

from django_safe_migrate.databases.causes import causes
from django_safe_migrate.exceptions import MEMORY_REFUSED, SafeMigrateError

NOT_SHOWN = "(value not shown)"

#: Names that PEP 249 demands of every driver, and that Django's own errors have.
_DATABASE_ERRORS = frozenset({"DatabaseError", "InterfaceError"})
#: PostgreSQL puts row values into these parts of an error's text.
_ROW_PARTS = re.compile(r"^(?:DETAIL|CONTEXT|LINE \d+):.*(?:\n(?!HINT:).*)*", re.MULTILINE)
#: Words that a quoted name follows. Whatever else is quoted may be a value, and a value may hold quotes.
_NAMED = (
    r"(?<!primary )\b(?:table|column|constraint|relation|index|view|key|name|field|sequence|schema|database|type|domain|function|trigger"
    r"|role|user|extension|engine|collation|variable|parameter|encoding|cursor|savepoint|language|option|tablespace|policy|rule|method"
    r"|class|server|failed:)s?"
)
_QUOTED = re.compile(
    rf"""(?P<named>{_NAMED}\s(?P<quote>["'])[^"'\n]{{1,256}}(?P=quote)(?:@'[^']*')?)
    | \bin\ '(?:[a-z ]+\ (?:list|clause|statement|function)|(?-i:[A-Z ]+))'
    | `[^`\n]*`
    | (?P<value>
        (?<!\w)'.*'(?=\ for\ (?:key|column)\ )
        | (?<!\w)".*"
        | (?<!\w)'.*'(?!\w)
        | (?<!\w)["'].*\Z
        | \b0x[0-9a-f]{{2}}(?:\ 0x[0-9a-f]{{2}})*
    )""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
#: Django's check of foreign keys names the row and what it holds.
_DJANGO_FOREIGN_KEY = re.compile(
    r"(with primary key )'.*'( has an invalid foreign key: \S+ contains a value )'.*'(?= that does not have)",
    re.DOTALL,
)


def describe(error: BaseException) -> str:
    """Return the error's type and text; row values are cut from what database servers say."""
    text = " ".join(_told(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _told(error: BaseException) -> str:
    if isinstance(error, SafeMigrateError):
        # What it says of the database, and of what to do next, is told once, by who reports it.
        return error.message
    if isinstance(error, MemoryError):
        return str(error) or MEMORY_REFUSED
    if not _is_database_error(error):
        return str(error)
    for cause in causes(error):
        if _is_database_error(cause) and not type(cause).__module__.startswith("django.db"):
            return _without_values(_said(cause)) + _hint(cause)
    # Django's own words.
    return _DJANGO_FOREIGN_KEY.sub(rf"\1{NOT_SHOWN}\2{NOT_SHOWN}", str(error))


def _is_database_error(error: BaseException) -> bool:
    return any(base.__name__ in _DATABASE_ERRORS for base in type(error).__mro__)


def _said(error: BaseException) -> str:
    """What the server said in the main part of a driver's error, and its number where it goes by numbers."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    if primary:
        return str(primary)
    if len(error.args) == 2 and isinstance(error.args[0], int):
        return f"({error.args[0]}) {error.args[1]}"
    return _ROW_PARTS.sub("", str(error).strip())


def _hint(error: BaseException) -> str:
    """The server's hint, which is about settings and names; one that code in the database wrote (class P0) may be about rows."""
    diagnostics = getattr(error, "diag", None)
    hint = getattr(diagnostics, "message_hint", None)
    if not hint or str(getattr(diagnostics, "sqlstate", "")).startswith("P0"):
        return ""
    return f" HINT: {hint}"


def _without_values(text: str) -> str:
    return _QUOTED.sub(lambda match: NOT_SHOWN if match["value"] else match[0], text)
