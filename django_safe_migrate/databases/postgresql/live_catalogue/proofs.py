"""What a CHECK proves of columns, read from the definition that PostgreSQL gives of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")+"|[()]|[^\s()'"]+""")
_NAME = re.compile(r'"(?:[^"]|"")+"|[a-z_\x80-\uffff][\w$]*')


def proven_not_null(definition: str) -> tuple[str, ...]:
    """
    Return the columns that a CHECK proves to hold no NULL: those of its conjuncts that are plainly ``(column IS NOT NULL)``.

    That is what PostgreSQL makes use of at SET NOT NULL. ``(a IS NOT NULL) OR (b > 0)`` proves nothing, and neither does what is
    only said of an expression.

    Args:
        definition: as ``pg_get_constraintdef`` gives it, such as ``CHECK (((a IS NOT NULL) AND (b > 0)))``.
    """
    tokens = _TOKEN.findall(definition)
    if tokens[:2] != ["CHECK", "("]:
        return ()
    condition = tokens[1 : _closing(tokens, 1) + 1]
    return tuple(dict.fromkeys(_columns(condition)))


def _columns(tokens: list[str]) -> Iterator[str]:
    while len(tokens) > 1 and tokens[0] == "(" and _closing(tokens, 0) == len(tokens) - 1:
        tokens = tokens[1:-1]
    conjuncts = _conjuncts(tokens)
    if len(conjuncts) > 1:
        for conjunct in conjuncts:
            yield from _columns(conjunct)
    elif tokens[1:] == ["IS", "NOT", "NULL"] and _NAME.fullmatch(tokens[0]):
        yield tokens[0][1:-1].replace('""', '"') if tokens[0].startswith('"') else tokens[0]


def _conjuncts(tokens: list[str]) -> list[list[str]]:
    """Split at every AND outside of parentheses, which PostgreSQL puts around whatever binds less than it."""
    found: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")  # noqa: S105 - a parenthesis
        if depth == 0 and token == "AND":  # noqa: S105
            found.append([])
        else:
            found[-1].append(token)
    return found if "OR" not in _outside(tokens) else [tokens]


def _outside(tokens: list[str]) -> Iterator[str]:
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")  # noqa: S105
        if depth == 0:
            yield token


def _closing(tokens: list[str], opening: int) -> int:
    """Return the place of the parenthesis that closes one; the last place where none does."""
    depth = 0
    for place in range(opening, len(tokens)):
        depth += (tokens[place] == "(") - (tokens[place] == ")")
        if depth == 0:
            return place
    return len(tokens) - 1
