"""Text becomes tokens: words, names, strings and signs. Comments are left out, and no text is too odd."""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
from collections.abc import Iterator

from django_safe_migrate.sql.reading.syntax import Syntax


class Kind(enum.Enum):
    """What a token is."""

    WORD = "word"
    #: A name in quotes.
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    #: A placeholder for a value, such as ``%s`` or ``$1``.
    PARAMETER = "parameter"
    SIGN = "sign"
    #: A line for a client program.
    CLIENT = "client"
    END = "end"


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """
    A piece of text from ``start`` to ``end``; ``value`` is a word in upper case, a name or a string without its quotes, and the text of
    anything else.
    """

    kind: Kind
    text: str
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, given in upper case."""
        return self.kind is Kind.WORD and self.value in words

    def is_sign(self, sign: str) -> bool:
        """Whether it is this sign."""
        return self.kind is Kind.SIGN and self.value == sign


END = Token(Kind.END, "", "", -1, -1)

_COMMENT_ENDS = re.compile(r"/\*|\*/")


def tokens(text: str, syntax: Syntax) -> list[Token]:
    """Return the tokens of a text; what is never closed goes on to the end."""
    return list(_tokens(text, syntax))


def _tokens(text: str, syntax: Syntax) -> Iterator[Token]:
    pattern = _pattern(syntax)
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        group = str(match.lastgroup) if match else "sign"
        end = match.end() if match else position + 1
        if group == "comment_start":
            end = _comment_end(text, end, nested=syntax.nested_comments)
        elif group == "dollar" and match:
            close = text.find(match[0], end)
            end = len(text) if close < 0 else close + len(match[0])
            yield Token(Kind.STRING, text[position:end], text[match.end() : close], position, end)
        elif group != "space":
            yield _token(group, text[position:end], position, end)
        position = end


def _token(group: str, text: str, start: int, end: int) -> Token:
    if group == "word":
        return Token(Kind.WORD, text, text.upper(), start, end)
    if group == "name":
        return Token(Kind.NAME, text, _unquoted(text), start, end)
    if group == "string":
        return Token(Kind.STRING, text, _unquoted(text.lstrip("eEbBxXnN")), start, end)
    return Token(Kind(group), text, text.strip() if group == "client" else text, start, end)


def _unquoted(text: str) -> str:
    close = "]" if text[0] == "[" else text[0]
    inner = text[1:-1] if len(text) > 1 and text.endswith(close) else text[1:]
    return inner.replace(close * 2, close)


def _comment_end(text: str, position: int, *, nested: bool) -> int:
    depth = 1
    while match := _COMMENT_ENDS.search(text, position):
        position = match.end()
        if match[0] == "*/":
            depth -= 1
        elif nested:
            depth += 1
        if depth == 0:
            return position
    return len(text)


@functools.cache
def _pattern(syntax: Syntax) -> re.Pattern[str]:
    parts = [("client", _client(syntax)), ("space", _space(syntax)), ("comment_start", r"/\*")]
    if syntax.dollar_quotes:
        parts.append(("dollar", r"\$(?:[^\W\d]\w*)?\$"))
    strings = "|".join(
        _quoted(quote, backslashes=syntax.backslashes) for quote in syntax.string_quotes
    )
    escaped = f"[eE]{_quoted(chr(39), backslashes=True)}|[bBxXnN]?"
    parts += [
        ("string", f"{escaped}(?:{strings})"),
        ("name", "|".join(_quoted(quote, backslashes=False) for quote in syntax.name_quotes)),
        ("parameter", r"%s\b|%\(\w+\)s\b|\$\d+"),
        ("number", r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+"),
        ("word", r"[^\W\d][\w$]*"),
        ("sign", r"::|:=|<=|>=|<>|!=|\|\||->>|->|=>|(?s:.)"),
    ]
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in parts if pattern))


def _space(syntax: Syntax) -> str:
    signs = [r"\s+", r"--[^\n]*"]
    if syntax.hash_comments:
        signs.append(r"#[^\n]*")
    if syntax.executed_comments:
        signs += [r"/\*M?!\d*", r"\*/"]
    return "|".join(signs)


def _client(syntax: Syntax) -> str:
    if syntax.client_commands:
        return r"\\[^\n]*"
    return r"(?im:^[ \t]*DELIMITER[ \t]+\S+[ \t]*$)" if syntax.delimiters else ""


def _quoted(quote: str, *, backslashes: bool) -> str:
    close = re.escape("]" if quote == "[" else quote)
    if backslashes:
        inner = rf"[^{close}\\]*(?:(?:{close}{close}|\\(?s:.))[^{close}\\]*)*"
    else:
        inner = rf"[^{close}]*(?:{close}{close}[^{close}]*)*"
    return rf"{re.escape(quote)}{inner}(?:{close}|\\?\Z)"
